/**
 * What Synod says and is told in metadata beyond etcd's own: fields of the same names over HTTP, where etcd's gateway puts
 * `grpc-metadata-` before them, and the answers of the gateway always do.
 */

/** A call's: how fresh its read is to be; for `session` a revision; for `bounded` milliseconds. */
export const CONSISTENCY = "synod-consistency";
export const SESSION_REVISION = "synod-session-revision";
export const MAX_STALENESS = "synod-max-staleness";
/** A call's: a lease's time in milliseconds. */
const TTL_MS = "synod-ttl-ms";

/** An answer's: what was read. */
export const REVISION = "synod-revision";
export const STALENESS_MS = "synod-staleness-ms";
/** An answer's: a number that is larger than that of everybody who held the lock before. */
export const FENCING_TOKEN = "synod-fencing-token";
/** A refusal's: the prefix whose quota is used up. */
export const ABOUT_METADATA = "synod-prefix-bin";

export const OF_CALLS: readonly string[] = [CONSISTENCY, SESSION_REVISION, MAX_STALENESS, TTL_MS];
export const OF_ANSWERS: readonly string[] = [CONSISTENCY, REVISION, STALENESS_MS, FENCING_TOKEN, ABOUT_METADATA];
