import { randomUUID } from "node:crypto"
import { RetryLater, reasonOf } from "@engram/contracts/errors"
import type { EvaluationBoard, EvaluationRun } from "@engram/contracts/evaluation"
import type { EvalRunId, StoreId } from "@engram/contracts/ids"
import type { Lane, Log, TurnEnd } from "@engram/contracts/ports"
import type { VectorLedger } from "@engram/contracts/vectors"
import { withLease } from "../with-lease.ts"
import { type EvaluateDeps, evaluate } from "./evaluate.ts"

/** A store is evaluated at most once in this time, however much happens to it. */
export const evaluateEveryMs = 3_600_000
/** Rows carry the time their transaction began; one under way when a run read is looked for this far back. */
const underWayMs = 60_000
/** What a board did not take is tried again after this long, or longer where it asks so, … */
const sendAgainMs = 300_000
/** … as long as it is not older than this; of more runs than so many, the newest. */
const sendWithinMs = 7 * 86_400_000
const sentMax = 50

export interface EvaluationTurnDeps extends EvaluateDeps {
  readonly leases: Pick<VectorLedger, "lease" | "release">
  readonly leaseMs: number
  readonly log: Log
  /** Where figures go beside Postgres. */
  readonly board?: EvaluationBoard
  readonly everyMs?: number
  readonly onRun?: (run: EvaluationRun) => void
}

/** Made up by the caller: two runs are two, however alike. */
export const newRunId = (): EvalRunId => `evr_${randomUUID().replaceAll("-", "")}`

/**
 * One turn: evaluates the store if anything changed since the last run and that was long enough ago, and looks again later, so
 * that what changes meanwhile is not left out. Then the board is sent what it does not have; while it is away, only that waits.
 */
export const evaluationTurn =
  (deps: EvaluationTurnDeps) =>
  async ({ storeId, ...lane }: Lane): Promise<TurnEnd> => {
    const place = { workspaceId: lane.workspaceId, storeId: storeId as StoreId }
    const waits = await withLease(deps.leases, { ...lane, storeId }, deps.leaseMs, async () => [
      await runWhenDue(deps, place),
      await sendOwed(deps, place),
    ])
    if (waits === undefined) return { afterMs: deps.leaseMs }
    const afterMs = Math.min(...waits.map((wait) => wait ?? Number.POSITIVE_INFINITY))
    return afterMs === Number.POSITIVE_INFINITY ? "idle" : { afterMs }
  }

type Place = { readonly workspaceId: string; readonly storeId: StoreId }

/** When to look again, if there is a reason to. */
async function runWhenDue(deps: EvaluationTurnDeps, place: Place): Promise<number | undefined> {
  const everyMs = deps.everyMs ?? evaluateEveryMs
  const now = Date.now()
  const [last] = await deps.ledger.runs(place, 1)
  const lastAt = last?.startedAt.getTime() ?? Number.NEGATIVE_INFINITY
  if (last && !(await deps.ledger.changedSince(place, new Date(lastAt - underWayMs)))) return undefined
  const dueMs = lastAt + everyMs - now
  if (dueMs > 0) return dueMs
  const run = await evaluate(deps)(place, { id: newRunId(), startedBy: "worker", now })
  if (run === undefined) return undefined
  deps.onRun?.(run)
  for (const drop of run.drops) deps.log.warn({ ...place, run: run.id, ...drop }, "evaluation fell")
  return everyMs
}

/** What the board does not take is no reason to fail: it is said once a turn, and tried again. */
async function sendOwed(deps: EvaluationTurnDeps, place: Place): Promise<number | undefined> {
  const { board, ledger, log } = deps
  if (board === undefined) return undefined
  const since = new Date(Date.now() - sendWithinMs)
  const owed = await ledger.unsent(place, since, sentMax)
  try {
    for (const run of owed) {
      await board.send(run)
      await ledger.sent(place, run.id)
    }
    return undefined
  } catch (error) {
    const afterMs = Math.max(error instanceof RetryLater ? error.afterMs : 0, sendAgainMs)
    log.warn({ ...place, reason: reasonOf(error), afterMs }, "evaluation not sent to its board, later again")
    return afterMs
  }
}
