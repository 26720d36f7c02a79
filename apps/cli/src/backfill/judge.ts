import { createHash } from "node:crypto"
import type { Report } from "./finding.ts"
import type { FoundMemory } from "./memory-plugin.ts"

export interface Judge {
  readonly seen: ReadonlySet<string>
  /** Ids of rows, and why. */
  readonly unproven: Map<string, string>
  see(answer: readonly FoundMemory[]): void
}

/** Nothing is said of a memory with one of the `unidentified` ids: its rows are told by themselves. */
export function createJudge(
  namespace: string,
  expected: ReadonlyMap<string, string>,
  unidentified: ReadonlySet<string | null>,
  report: Report,
): Judge {
  const seen = new Set<string>()
  const unproven = new Map<string, string>()
  const told = new Set(unidentified)
  const see = (memory: FoundMemory): void => {
    const id = memory.id.toLowerCase()
    const wanted = memory.namespace === namespace ? expected.get(id) : undefined
    if (wanted === undefined) {
      if (told.has(id)) return
      told.add(id)
      const elsewhere = memory.namespace === namespace ? "" : `, as one of ${memory.namespace}`
      report({
        kind: "extra",
        id,
        namespace,
        detail: `returned${elsewhere}, and no legacy row belongs here under this id`,
      })
    } else if (!seen.has(id)) {
      seen.add(id)
      unproven.delete(id)
      if (wanted !== hashOf(memory.content)) {
        report({ kind: "different", id, namespace, detail: "its content is not the legacy row's" })
      }
    }
  }
  return {
    seen,
    unproven,
    see(answer) {
      const ids = new Set<string>()
      for (const memory of answer) {
        if (ids.has(memory.id))
          report({ kind: "extra", id: memory.id, namespace, detail: "returned twice in one answer" })
        ids.add(memory.id)
        see(memory)
      }
    },
  }
}

export const hashOf = (content: string): string => createHash("sha256").update(content).digest("base64")
