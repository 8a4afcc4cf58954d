/** Shared with `synod check`, which does to clusters what the tests here do. */
export * from "../check/cluster/cluster.ts";
