import { spawn } from "node:child_process";
import type { Logger } from "@synod/runtime/log/logger";

/** Tells systemd (`Type=notify`) that the service is up; Node has no datagram sockets of that kind, but systemd a program. */
export function notifySystemd(logger: Logger): void {
  if (process.env.NOTIFY_SOCKET === undefined) return;
  const failed = (why: string): void =>
    logger.warn(`systemd was not told that this member is ready (${why}): install systemd-notify, or use Type=simple`);
  const child = spawn("systemd-notify", [`--pid=${process.pid}`, "--ready"], { stdio: "ignore" });
  child.once("error", ({ message }) => failed(message));
  child.once("exit", (code) => {
    if (code !== 0) failed(`systemd-notify ended with ${code}`);
  });
}
