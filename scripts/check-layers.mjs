#!/usr/bin/env node
// Runs dependency-cruiser, and fails also when it saw nothing: with a TypeScript it cannot parse it passes in silence.
import { spawnSync } from "node:child_process"

const { stdout, stderr, status } = spawnSync(
  "depcruise",
  ["--output-type", "err-long", "apps", "packages", "db", "test"],
  {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  },
)
process.stdout.write(stdout)
process.stderr.write(stderr)
const cruised = Number(/(\d+) modules/.exec(stdout)?.[1] ?? 0)
if (cruised < 100) {
  console.error(`the layers were not checked: dependency-cruiser saw ${cruised} modules`)
  process.exit(1)
}
process.exit(status ?? 1)
