import { setTimeout as wait } from "node:timers/promises"
import { reasonOf } from "@engram/contracts/errors"
import { forget } from "@engram/pipeline/forget/forget"
import { findTarget } from "@engram/pipeline/forget/target"
import { settingsSeenMs } from "@engram/store/workspace-settings"
import { actorOf } from "./actor-of.ts"
import type { Context } from "./context.ts"
import { openForgetParts } from "./forget-parts.ts"
import type { Parts } from "./open.ts"
import { tally } from "./words.ts"

/**
 * Takes out what every source of a workspace was read as, and has its deliveries read again by the settings as they are now.
 * Returns the documents taken out, by source. A source whose bytes were not kept is left as it is; the others are done, and then
 * it is an error.
 */
export async function readAgain(
  context: Context,
  parts: Parts,
  workspaceId: string,
): Promise<{ readonly [source: string]: number }> {
  const deps = await openForgetParts(parts)
  // A worker that has not seen the change yet would read by the old settings once more.
  context.terminal.update("waiting until every worker goes by the new choices")
  await wait(settingsSeenMs)
  const done: { [source: string]: number } = {}
  const refused: string[] = []
  for (const source of Object.keys(deps.sources)) {
    const target = await findTarget(deps, workspaceId, { kind: "source", name: source })
    const { documents = 0 } = await deps.ledger.census(workspaceId, target.scope)
    if (documents === 0) continue
    const onProgress = (so: Parameters<typeof tally>[0]) => context.terminal.update(`${source}: ${tally(so)}`)
    try {
      const { counts } = await forget(deps)(workspaceId, target, { actor: actorOf(context), replay: true, onProgress })
      done[source] = counts.documents ?? 0
    } catch (error) {
      refused.push(`${source}: ${reasonOf(error)}`)
    }
  }
  if (refused.length > 0) throw new Error(`not everything could be read again: ${refused.join("; ")}`)
  return done
}
