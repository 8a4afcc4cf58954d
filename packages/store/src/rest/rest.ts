import type { LocalCalls } from "../server/local-calls.ts";
import type { HttpRequest, HttpResponder } from "../server/ports/http-exchange.ts";
import { failWith, RestExchange } from "./exchange.ts";
import { RestError } from "./problem.ts";
import { decodePercent, Query } from "./query.ts";
import { REST_PREFIX, REST_ROUTES, type RestRoute } from "./routes.ts";

export function isRestPath(path: string): boolean {
  return path.startsWith(REST_PREFIX) && (path.length === REST_PREFIX.length || path[REST_PREFIX.length] === "/");
}

/** Answers one request under `/api/store`, now or later. */
export function handleRest(request: HttpRequest, responder: HttpResponder, calls: LocalCalls): void {
  try {
    const question = request.target.indexOf("?");
    const path = question < 0 ? request.target : request.target.slice(0, question);
    const found = find(path.slice(REST_PREFIX.length), request.method);
    if ("allow" in found) return refuse(responder, request, path, found.allow);
    const query = new Query(question < 0 ? "" : request.target.slice(question + 1), found.route.query);
    found.route.handle(new RestExchange(request, query, decodePercent(found.argument, false), { responder, calls }));
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    failWith(responder, error.problem);
  }
}

type Found = { readonly route: RestRoute; readonly argument: string } | { readonly allow: readonly string[] };

/** @returns the route, or the methods that the address has. */
function find(path: string, method: string): Found {
  const allow: string[] = [];
  for (const route of REST_ROUTES) {
    const argument = matchTemplate(route.template, path);
    if (argument === undefined) continue;
    if (route.method === method || (route.method === "GET" && method === "HEAD")) return { route, argument };
    allow.push(route.method);
  }
  return { allow };
}

/** @returns what stands in the template's place, "" if it has none; undefined if the path is another one. */
function matchTemplate(template: string, path: string): string | undefined {
  const open = template.indexOf("{");
  if (open < 0) return path === template || path === `${template}/` ? "" : undefined;
  const close = template.indexOf("}");
  const behind = template.slice(close + 1);
  if (!path.startsWith(template.slice(0, open)) || !path.endsWith(behind)) return undefined;
  const argument = path.slice(open, path.length - behind.length);
  const rest = template.slice(open, close) === "{key";
  return argument === "" || (!rest && argument.includes("/")) ? undefined : argument;
}

function refuse(responder: HttpResponder, { method }: HttpRequest, path: string, allow: readonly string[]): void {
  if (allow.length === 0) {
    const message = `there is nothing at ${path.slice(0, 200)}`;
    const help = "see /openapi.json for what there is; keys are at /api/store/keys/<key>";
    return failWith(responder, { status: 404, code: "routeNotFound", message, help });
  }
  const message = `${method} is not for this address`;
  const help = `use ${allow.join(", ")}`;
  failWith(responder, { status: 405, code: "methodNotAllowed", message, help }, [["allow", allow.join(", ")]]);
}
