import type { Evidence, StandIn, SummarySubject, SummaryWriter } from "@engram/contracts/consolidation"
import { Rejected, reasonOf } from "@engram/contracts/errors"
import { summaryFault } from "./check-summary.ts"

/** After an outage the writer is left alone for one summary, then two, four … at most so many: a thousand summaries ask it 14 times. */
const restMax = 128
/** What says something of one answer, and nothing of the next. */
const ofThisAnswer: ReadonlySet<string> = new Set(["summary_refused", "answer_broken", "question_refused"])

export interface WriteOrFallBack {
  readonly primary: SummaryWriter
  /** Asks nobody and does not fail. */
  readonly fallback: SummaryWriter
  /** Called each time the primary was asked in vain, not where it was left alone. */
  readonly onFallback: (standIn: StandIn, reason: string) => void
}

/**
 * The primary's summary where it gives one that keeps every rule, whatever it claims to have checked; else the fallback's, marked with why.
 * A primary that says there is nothing to write is believed. Rejects only as the fallback does.
 */
export function writeOrFallBack({ primary, fallback, onFallback }: WriteOrFallBack): SummaryWriter {
  const rest = createRest()
  const instead = async (standIn: StandIn, subject: SummarySubject, evidence: readonly Evidence[]) => {
    const written = await fallback.write(subject, evidence)
    return written && { ...written, standIn }
  }

  /** What the primary wrote, or why another writes instead. */
  const ask = async (round: number, ...[subject, evidence, onSpent]: Parameters<SummaryWriter["write"]>) => {
    try {
      const written = await primary.write(subject, evidence, onSpent)
      const fault = written && summaryFault(written, new Set(evidence.map(({ id }) => id)))
      rest.end()
      if (fault === undefined) return { written }
      return { standIn: "refused", reason: `${primary.name}'s summary was refused: ${fault}` } as const
    } catch (error) {
      const standIn = error instanceof Rejected && ofThisAnswer.has(error.code) ? "refused" : "away"
      if (standIn === "refused") rest.end()
      else rest.begin(round)
      return { standIn, reason: reasonOf(error) } as const
    }
  }

  return {
    name: primary.name,
    async write(subject, evidence, onSpent) {
      const round = rest.take()
      if (round === undefined) return instead("away", subject, evidence)
      const asked = await ask(round, subject, evidence, onSpent)
      if ("written" in asked) return asked.written
      onFallback(asked.standIn, asked.reason)
      return instead(asked.standIn, subject, evidence)
    },
  }
}

/** Counts summaries, not seconds: the core has no clock, and an idle hour asks nobody anyway. */
function createRest() {
  let length = 0
  let left = 0
  let round = 0
  return {
    /** The round in which the primary may be asked, undefined while it rests. */
    take(): number | undefined {
      if (left === 0) return round
      left--
      return undefined
    },
    /** Who asked in a round that is over found the outage that ended it. */
    begin(asked: number): void {
      if (asked !== round) return
      round++
      length = Math.min(restMax, Math.max(1, length * 2))
      left = length
    },
    end(): void {
      length = 0
      left = 0
    },
  }
}
