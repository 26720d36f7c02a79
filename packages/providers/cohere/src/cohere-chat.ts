import type { BreakerState } from "@engram/contracts/breakers"
import type { Citation, CitingModel } from "@engram/contracts/cited-answers"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { Cohere as Sdk } from "cohere-ai"
import { failure } from "./cohere-words.ts"
import { type CohereOptions, connect } from "./connect.ts"
import { utf16Span } from "./utf16-span.ts"

/** Of any answer here, in the script that needs most; what runs on is cut off there and refused. */
const OUTPUT_TOKENS_MAX = 2_000
/** Any number; the same one each time. */
const SEED = 1
/** A generation that failed inside Cohere is like a 5xx that came too late for one. */
const FAILED_AFTER_MS = 5_000

export interface CohereChatOptions extends CohereOptions {
  readonly model: string
}

/**
 * Answers with citations by Cohere's chat (docs.cohere.com/docs/rag-citations). Temperature 0 and a seed: as repeatable as Cohere allows.
 * A question it refuses is `Rejected("question_refused")`. Busy, failing and silent answers are asked again a few times and are then `RetryLater`.
 */
export function createCohereChat(options: CohereChatOptions): CitingModel & { breakerState(): BreakerState } {
  const { model } = options
  const cohere = connect(options)
  const failed = (error: unknown) => {
    throw failure(error, { model, setting: "SUMMARY_MODEL", refusal: "question_refused" })
  }

  return {
    name: `cohere:${model}`,

    async answer({ instructions, question, documents }, onSpent) {
      const answer = await cohere.client
        .chat({
          model,
          messages: [
            { role: "system", content: instructions.toWellFormed() },
            { role: "user", content: question.toWellFormed() },
          ],
          documents: documents.map(({ id, fields }) => ({ id, data: wellFormed(fields) })),
          temperature: 0,
          seed: SEED,
          maxTokens: OUTPUT_TOKENS_MAX,
          // Thoughts are paid for, and count towards the limit.
          ...(reasons(model) ? { thinking: { type: "disabled" } } : {}),
        })
        .catch(failed)
      // The SDK does not check answers: one that says nothing of its cost was an answer all the same.
      const { inputTokens = 0, outputTokens = 0 } = answer.usage?.billedUnits ?? {}
      onSpent?.({ input: inputTokens, output: outputTokens })
      return read(answer, model)
    },

    async check() {
      await cohere.ask(model).catch(failed)
    },

    breakerState: cohere.breakerState,
  }
}

/** Only models that reason take the parameter (docs.cohere.com/docs/reasoning). */
const reasons = (model: string): boolean => model.includes("reasoning")

const wellFormed = (fields: { readonly [name: string]: string }) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.toWellFormed()]))

/** The SDK does not check answers, so nothing in one is taken to be there. */
function read(answer: Partial<Sdk.V2ChatResponse>, model: string) {
  const broken = (why: string) => new Rejected("answer_broken", `${model} ${why}`)
  const { finishReason, message } = answer
  if (finishReason === "ERROR" || finishReason === "TIMEOUT") {
    throw new RetryLater(`${model}'s generation failed (${finishReason})`, { afterMs: FAILED_AFTER_MS })
  }
  if (message?.toolCalls?.length) throw broken("called tools, though it was given none")
  if (finishReason !== "COMPLETE") throw broken(`did not finish its answer (${finishReason ?? "it gave no reason"})`)
  const blocks = Array.isArray(message?.content) ? message.content : []
  const at = blocks.findIndex(
    (block) => block.type === "text" && typeof block.text === "string" && block.text.trim() !== "",
  )
  const block = blocks[at]
  if (block?.type !== "text") throw broken("answered without a text")
  if (blocks.filter(({ type }) => type === "text").length > 1) throw broken("answered with several texts")
  const { text } = block
  return { text, citations: (message?.citations ?? []).flatMap((each) => citationOf(each, { at, text }, broken)) }
}

function citationOf(
  { start, end, text: cited, sources, contentIndex, type }: Sdk.Citation,
  block: { readonly at: number; readonly text: string },
  broken: (why: string) => Rejected,
): Citation[] {
  if (type === "THINKING_CONTENT" || type === "PLAN") return []
  if (contentIndex !== undefined && contentIndex !== block.at) return []
  const span = utf16Span(block.text, { start, end, cited })
  if (span === undefined)
    throw broken(`cites at ${start} to ${end}, where its answer does not read ${JSON.stringify(cited?.slice(0, 60))}`)
  return [{ ...span, ids: (sources ?? []).map((source) => source.id ?? "") }]
}
