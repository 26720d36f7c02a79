import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { EvaluationBoard, EvaluationRun } from "@engram/contracts/evaluation"
import { createPatientFetch, retryLaterIn } from "@engram/patient-fetch/patient-fetch"
import { caseOf, summaryOf } from "./rows.ts"

export interface BraintrustBoardOptions {
  readonly apiKey: string
  /** Made by Braintrust where there is none of that name. */
  readonly project: string
  /** Where its application is, if not at www.braintrust.dev; it says where its data goes. */
  readonly appUrl?: string
  /** For one request. */
  readonly timeoutMs: number
}

const publicUrl = "https://www.braintrust.dev"

/**
 * Runs as experiments in Braintrust, named by their ids: a row a query with its rank as scores, and one with the figures of
 * the summaries. The same run again writes over what it wrote. What is sent is in `rows.ts`, all of it, and what the SDK adds: times, the
 * file and line that called it.
 */
export function createBraintrustBoard(options: BraintrustBoardOptions): EvaluationBoard {
  const { apiKey, project, appUrl = publicUrl, timeoutMs } = options
  // The SDK tries again by itself what it logs; the lane tries the rest again.
  const { fetch } = createPatientFetch({ service: "Braintrust", timeoutMs, retriesMax: 0 })
  /** A login of its own for each run, so that a failure is that run's. */
  const login = async () => {
    const { BraintrustState, init } = await import("braintrust")
    const failures: unknown[] = []
    const onFlushError = (error: unknown) => void failures.push(error)
    const state = new BraintrustState({
      apiKey,
      appUrl,
      fetch,
      noExitFlush: true,
      disableSpanCache: true,
      onFlushError,
    })
    await state.login({ apiKey, appUrl })
    return { state, init, failures }
  }

  return {
    async send(run: EvaluationRun) {
      try {
        const { state, init, failures } = await login()
        const experiment = init({
          ...{ state, project, experiment: run.id, update: true, setCurrent: false },
          gitMetadataSettings: { collect: "none" },
          // Without one to compare with, the SDK sends the commits of the directory it runs in. Braintrust has none of this name, and goes without.
          baseExperiment: `${run.id}-none`,
          metadata: { storeId: run.storeId, startedAt: run.startedAt.toISOString(), startedBy: run.startedBy },
        })
        await experiment.id
        for (const row of [...run.results.map((result) => caseOf(run, result)), ...summaryOf(run)]) experiment.log(row)
        await experiment.flush()
        if (failures.length > 0) throw failures[0]
      } catch (error) {
        throw failure(error)
      }
    },

    async check() {
      const { fetch: ask } = createPatientFetch({
        service: "Braintrust",
        timeoutMs: Math.min(timeoutMs, 5_000),
        retriesMax: 0,
      })
      const answer = await ask(new URL("/api/apikey/login", appUrl), {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      })
      if (!answer.ok) throw refused(answer.status, await answer.text())
    },
  }
}

/** Braintrust's answers in our words. What the SDK's queue gave up on comes as a sentence with the status in it. */
function failure(error: unknown): Error {
  const later = retryLaterIn(error)
  if (later) return later
  const reason = reasonOf(error)
  const status = Number(statusIn(error) ?? /Error: (\d{3}) \(/.exec(reason)?.[1])
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) return refused(status, reason, error)
  return new RetryLater(`Braintrust did not take an evaluation: ${oneLine(reason)}`, { afterMs: 60_000, cause: error })
}

const statusIn = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "status" in error ? error.status : undefined

function refused(status: number, said: string, cause?: unknown): Rejected {
  const isKey = status === 401 || status === 403
  const todo = isKey
    ? "check BRAINTRUST_API_KEY, and that it may write to BRAINTRUST_PROJECT"
    : "this is a bug, or its API changed"
  const message = `Braintrust refused ${isKey ? "the key" : "an evaluation"} (${status}: ${oneLine(said)}); ${todo}`
  return new Rejected(isKey ? "credentials_refused" : "evaluation_refused", message, { cause })
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, 300)
