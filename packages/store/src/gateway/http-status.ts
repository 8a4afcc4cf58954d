/** HTTP's status for each status code of gRPC (grpc-gateway's `HTTPStatusFromCode`). */
const STATUS: readonly number[] = [200, 408, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

export function httpStatus(code: number): number {
  return STATUS[code] ?? 500;
}
