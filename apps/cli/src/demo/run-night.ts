import type { ConsolidationRun, ShownProfile, ShownSummary } from "@engram/contracts/consolidation"
import type { Log } from "@engram/contracts/ports"
import { createConsolidate } from "@engram/pipeline/consolidate"
import { spokenNames } from "@engram/pipeline/spoken-names"
import type { Platform } from "@engram/platform/platform"
import { sources } from "@engram/sources/registry"
import { createAccountNames } from "@engram/store/account-names"
import { createSummaryDesk } from "@engram/store/consolidation/desk"
import { createConsolidationLedger } from "@engram/store/consolidation/ledger"

/** What a night over all that came in wrote, and some of it to look at. */
export interface DemoNight {
  readonly run: ConsolidationRun
  readonly seconds: number
  readonly summaries: readonly ShownSummary[]
  readonly profile: ShownProfile | undefined
}

const leaseMs = 30_000
const timeoutMs = 600_000
/** Of what the story is about, where that was summed up. */
const summariesShown = 2

/** `engram consolidate`, and `untilWritten` for its vectors. */
export async function runNight(
  { database, embedderOf, queue, summaryWriter }: Platform,
  place: { readonly workspaceId: string; readonly storeId: string },
  log: Log,
  untilWritten: () => Promise<void>,
): Promise<DemoNight> {
  const started = performance.now()
  const ledger = createConsolidationLedger(database)
  const consolidate = createConsolidate({ ledger, writer: summaryWriter, embedderOf, queue, log, leaseMs, timeoutMs })
  const run = await consolidate.run(place.workspaceId, { kind: "manual", night: null, now: Date.now() })
  if (run?.state !== "done")
    throw new Error(`the night ended as ${run?.state ?? "one of another process"}: ${run?.reason}`)
  await untilWritten()
  const seconds = Math.round(performance.now() - started) / 1_000
  const desk = createSummaryDesk(database)
  const { storeId } = place
  const spoken = spokenNames({ names: createAccountNames(database), sources })
  const stored = await desk.summaries(place.workspaceId, { storeId, max: 50 })
  const summaries = await spoken.summaries(place.workspaceId, stored)
  const [profile] = await desk.profiles(place.workspaceId, { storeId, max: 1 })
  return { run, seconds, summaries: weightiest(summaries), profile }
}

/** Of different topics first: two summaries that say different things. */
function weightiest(summaries: readonly ShownSummary[]): ShownSummary[] {
  const byTopic = [
    ...Map.groupBy(
      summaries.filter(({ entityId }) => entityId !== null),
      ({ topic }) => topic,
    ).values(),
  ]
  const first = byTopic.map(([best]) => best!)
  const rest = summaries.filter((summary) => !first.includes(summary))
  return [...first, ...rest].slice(0, summariesShown)
}
