/** A server of the etcd v3 API that a test has started. */
export interface StoreServer {
  /** `host:port` */
  readonly endpoint: string;
  /** A paused process holds its connections and answers nothing. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}
