#!/usr/bin/env -S node --initial-heap-size=128
import module from "node:module";
import { join } from "node:path";
import "./need-node.mjs";

// Compiled code is kept between runs, which makes a start three times as fast. Beside the installation and not in a folder
// that all users of the machine share; where it cannot be written, Node says so in its return value and goes on without.
module.enableCompileCache(join(import.meta.dirname, "../../../node_modules/.cache/synod"));

await import("../src/main.ts");
