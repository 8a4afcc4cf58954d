/** Where tests know them: `synod check` takes its clusters' ports from the same blocks. */
export * from "../free-ports.ts";
