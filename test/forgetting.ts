import { chunkLimits } from "@engram/core/chunk/chunk"
import { forget } from "@engram/pipeline/forget/forget"
import type { ForgetDeps } from "@engram/pipeline/forget/forget-deps"
import { type ForgetRequest, findTarget } from "@engram/pipeline/forget/target"
import { type Looked, verify } from "@engram/pipeline/forget/verify"
import { sources } from "@engram/sources/registry"
import { createForgetLedger } from "@engram/store/forget/forget-ledger"
import { createKeyedHash } from "@engram/store/keyed-hash"
import { createKnowledge } from "@engram/store/knowledge"
import { silentLog } from "@engram/testkit/silent-log"
import { testSecretKey, type Workbench } from "./workbench.ts"

/** What `engram forget` works with, on a workbench. */
export const forgetDepsOf = (bench: Workbench): ForgetDeps & Parameters<typeof verify>[0] => ({
  ledger: createForgetLedger(bench.database),
  knowledge: createKnowledge(bench.database),
  sources,
  artifacts: bench.artifactStore,
  cache: bench.cache,
  index: bench.index,
  queue: { wake: async () => {} },
  log: silentLog,
  hash: createKeyedHash(testSecretKey, "suppressions"),
  chunkLimits,
  now: () => Date.now(),
})

/** Forgets it in the workspace `acme`; `look` is what `--verify` looks at. */
export async function forgetIn(bench: Workbench, request: ForgetRequest, { replay = false } = {}) {
  const deps = forgetDepsOf(bench)
  const target = await findTarget(deps, "acme", request)
  const done = await forget(deps)("acme", target, { actor: "test", replay })
  return { ...done, target, look: () => verify(deps)("acme", target) }
}

export const left = (looked: readonly Looked[]): Looked[] => looked.filter(({ found }) => found > 0)
