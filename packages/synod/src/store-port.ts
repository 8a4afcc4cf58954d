import { randomBytes } from "node:crypto";
import type { Group } from "@synod/runtime/group";
import type { Host } from "@synod/runtime/host/host";
import type { Logger } from "@synod/runtime/log/logger";
import type { StoreMachine } from "@synod/store/machine";
import type { MemberRules } from "@synod/store/model/members";
import type { AuthSettings } from "@synod/store/server/auth/gate";
import type { StoreLimits } from "@synod/store/server/options";
import { StoreListener, type TlsOptions } from "@synod/store/server/ports/listener";
import { type NodeHttpHandler, nodeHttpHandler } from "@synod/store/server/ports/node-http";
import { Probes } from "@synod/store/server/ports/probes";
import { StoreService } from "@synod/store/server/service";
import type { StoreResult } from "@synod/store/state-machine";
import type { Roster } from "./member/roster.ts";
import type { Metrics } from "./node-metrics.ts";
import type { StoreSettings } from "./store-settings.ts";
import { watchTlsFiles } from "./tls-watch.ts";
import { portError } from "./up/ports.ts";

export interface StorePortOptions {
  readonly node: string;
  readonly clients: readonly ClientAddress[];
  /** See StoreListenerOptions.origins. */
  readonly origins: readonly string[];
  readonly clusterId: bigint;
  readonly roster: Roster;
  readonly memberRules: Partial<MemberRules> | undefined;
  readonly metrics: Metrics;
  readonly tls: TlsOptions | undefined;
  readonly logger: Logger;
  readonly limits: Partial<StoreLimits>;
  readonly auth: Partial<AuthSettings> | undefined;
  readonly settings: StoreSettings;
}

/** Where the store listens. */
export interface ClientAddress {
  readonly host: string;
  readonly port: number;
  /** It speaks TLS there; else plainly. */
  readonly tls: boolean;
}

/** The store's front door while it is open. */
export interface StorePort {
  readonly probes: Probes;
  /** The same over the node's HTTP port; undefined with TLS, which that port has not. */
  readonly http: NodeHttpHandler | undefined;
  close(): Promise<void>;
}

const tickEvery = 100;
/** Leases may be as short as a tick. */
const EXPIRE_EVERY = 20;

/** Opens the store to clients, over a group whose host has started. @throws CliError "ports" */
export async function openStorePort(
  host: Host,
  group: Group<StoreResult>,
  { machine, areas }: StoreMachine,
  options: StorePortOptions,
): Promise<StorePort> {
  const { clients, clusterId, roster, memberRules = {}, metrics, auth = {} } = options;
  const service = new StoreService({
    group,
    machine,
    areas,
    clusterId,
    memberId: (id) => roster.memberId(id),
    members: () => roster.members(),
    memberRules,
    auth,
    ...options.settings,
    now: () => host.now(),
    schedule: (work) => void setImmediate(work),
    random64: () => randomBytes(8).readBigUInt64BE(),
    limits: options.limits,
  });
  host.onTurnEnd(() => service.flush());
  metrics.show(host, service);
  const probes = new Probes(service, () => metrics.render());
  metrics.showProbes(probes);
  const listeners: StoreListener[] = [];
  for (const client of clients) listeners.push(await listenAt(client, service, probes, options));
  const stopWatching = watchTlsFiles(options.tls?.files, options.logger, (tls) => {
    for (const [index, listener] of listeners.entries()) if (clients[index]?.tls) listener.renew(tls);
  });
  const ticking = setInterval(() => service.tick(), tickEvery);
  const expiring = setInterval(() => service.expire(), EXPIRE_EVERY);
  return {
    probes,
    http: clients.every((client) => !client.tls) ? nodeHttpHandler(service, options.origins) : undefined,
    close: async () => {
      stopWatching();
      await Promise.all(listeners.map((listener) => listener.close()));
      clearInterval(ticking);
      clearInterval(expiring);
    },
  };
}

function listenAt(
  { host, port, tls: wantsTls }: ClientAddress,
  service: StoreService,
  probes: Probes,
  { node, origins, tls }: StorePortOptions,
): Promise<StoreListener> {
  const secure = wantsTls && tls !== undefined ? { tls } : {};
  return StoreListener.listen({ service, host, port, probes, origins, ...secure }).catch(
    (error: NodeJS.ErrnoException) => {
      throw portError(host, port, "store", node, error.code ?? error.message);
    },
  );
}
