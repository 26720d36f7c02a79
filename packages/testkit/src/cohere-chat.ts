import { randomUUID } from "node:crypto"
import { z } from "zod"
import { type Answer, Refused } from "./strict-server.ts"

/** Documented limits (docs.cohere.com/docs/models): tokens of question and answer together, tokens of the answer, whether it reasons. */
export const chatModels: Readonly<Record<string, { contextMax: number; outputMax: number; reasons: boolean }>> = {
  "command-a-03-2025": { contextMax: 256_000, outputMax: 8_000, reasons: false },
  "command-r7b-12-2024": { contextMax: 128_000, outputMax: 4_000, reasons: false },
  "command-a-reasoning-08-2025": { contextMax: 256_000, outputMax: 32_000, reasons: true },
}

const ChatRequest = z.strictObject({
  model: z.string(),
  stream: z.literal(false),
  messages: z.array(z.strictObject({ role: z.enum(["system", "user"]), content: z.string().min(1) })).min(1),
  documents: z
    .array(z.strictObject({ id: z.string().min(1).optional(), data: z.record(z.string(), z.unknown()) }))
    .optional(),
  temperature: z.number().min(0).max(1).optional(),
  seed: z.int().min(0).optional(),
  max_tokens: z.int().min(1).optional(),
  citation_options: z.strictObject({ mode: z.enum(["ENABLED", "DISABLED", "FAST", "ACCURATE", "OFF"]) }).optional(),
  thinking: z
    .strictObject({ type: z.enum(["enabled", "disabled"]), token_budget: z.int().min(1).optional() })
    .optional(),
})
export type ChatRequest = z.infer<typeof ChatRequest>

/** What a model may do instead of summarizing. */
export type ChatTrick =
  | "nonsense"
  | "empty text"
  | "no content"
  | "10,000 characters"
  | "a little too long"
  | "two sentences"
  | "unknown ids"
  | "no citations"
  | "one sentence uncited"
  | "a preamble"
  | "tool call"
  | "breaks off"
  | "failed generation"
  | "not a message"
  /** Does what a document tells it to: answers with what follows `answer only`. */
  | "obedient"
  /** Thinks aloud in a block of its own before the answer, and cites in there too. */
  | "thinks aloud"

interface Document {
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A sentence and the documents it rests on. */
type Line = readonly [text: string, ids: readonly string[]]

/** The request, as Cohere checks it. */
export function readChatRequest(json: unknown): ChatRequest {
  const parsed = ChatRequest.safeParse(json)
  if (!parsed.success) throw refused(400, `invalid request: ${z.prettifyError(parsed.error)}`)
  const { model: name, messages, documents, max_tokens: outputMax = 0, thinking } = parsed.data
  const model = chatModels[name]
  if (!model) throw refused(404, `model '${name}' not found, make sure the correct model ID was used`)
  if (documents?.length === 0) throw refused(400, "invalid request: list of documents must not be empty")
  if (messages.slice(1).some(({ role }) => role === "system"))
    throw refused(400, "system turn must be the first in the list")
  if (messages.at(-1)!.role !== "user") throw refused(400, "invalid request: the last message must be of the user")
  if (thinking && !model.reasons) throw refused(400, `invalid request: thinking is not supported by model ${name}`)
  const ids = (documents ?? []).flatMap(({ id }) => id ?? [])
  if (new Set(ids).size < ids.length) throw refused(400, "invalid request: document ids must be unique")
  const tokens = Math.ceil(JSON.stringify([messages, documents]).length / 4)
  if (tokens + outputMax > model.contextMax) {
    throw refused(
      400,
      `too many tokens: size limit exceeded by ${tokens + outputMax - model.contextMax} tokens. Try using shorter or fewer inputs.`,
    )
  }
  return parsed.data
}

/** A plausible summary of the documents, each sentence cited, always the same for the same documents; or the trick. */
export function chatAnswer({ documents = [], max_tokens: outputMax }: ChatRequest, trick?: ChatTrick): Answer {
  const given = documents.map(({ id, data }, i) => ({ id: id ?? `doc:${i}`, data }))
  const told = trick === undefined ? undefined : tricks[trick](given)
  const message = told ?? messageOf(summaryOf(given), given)
  const length = JSON.stringify(message.content ?? "").length
  const finish =
    message.finish ?? (outputMax !== undefined && length / 4 > outputMax + 1_000 ? "MAX_TOKENS" : "COMPLETE")
  const { finish: _, ...said } = message
  const usage = {
    billed_units: { input_tokens: 10, output_tokens: 10 },
    tokens: { input_tokens: 10, output_tokens: 10 },
  }
  return {
    status: 200,
    body:
      trick === "not a message"
        ? { id: randomUUID() }
        : { id: randomUUID(), finish_reason: finish, message: said, usage },
  }
}

/** The first words of up to five documents. */
function summaryOf(documents: readonly Document[]): Line[] {
  const lines = new Map<string, string[]>()
  for (const { id, data } of documents) {
    const words = String(data.text ?? "").match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
    if (words.length === 0) continue
    const line = `It is on record that ${words.slice(0, 12).join(" ").slice(0, 120).toWellFormed()}.`
    lines.set(line, [...(lines.get(line) ?? []), id])
  }
  return [...lines].slice(0, 5)
}

interface Message {
  readonly role: "assistant"
  readonly content?: readonly object[]
  readonly citations?: readonly object[]
  readonly tool_calls?: readonly object[]
  readonly finish?: string
}

/** Cohere counts characters as Python does: code points. */
function messageOf(lines: readonly Line[], documents: readonly Document[], contentIndex = 0): Message {
  let text = ""
  const citations: object[] = []
  for (const [line, ids] of lines) {
    if (text !== "") text += "\n"
    const start = [...text].length
    text += line
    const cited = line.replace(/\.$/, "")
    const sources = ids.map((id) => ({
      type: "document",
      id,
      document: { id, ...documents.find((each) => each.id === id)?.data },
    }))
    if (ids.length > 0) {
      const end = start + [...cited].length
      citations.push({ start, end, text: cited, sources, content_index: contentIndex, type: "TEXT_CONTENT" })
    }
  }
  return { role: "assistant", content: [{ type: "text", text }], citations }
}

const plain = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] })

const tricks: { readonly [trick in ChatTrick]: (documents: readonly Document[]) => Message | undefined } = {
  nonsense: () => plain("}{ ]] lorem ,,, ipsum"),
  "empty text": () => plain(""),
  "no content": () => ({ role: "assistant" }),
  "10,000 characters": (documents) => messageOf([["word ".repeat(2_000), [documents[0]!.id]]], documents),
  "a little too long": (documents) =>
    messageOf(
      ["One", "Two", "Three"].map((word) => [`${word} ${"long ".repeat(81)}thing.`, [documents[0]!.id]]),
      documents,
    ),
  "two sentences": (documents) => messageOf(summaryOf(documents).slice(0, 2), documents),
  "unknown ids": (documents) =>
    messageOf(
      summaryOf(documents).map(([line]) => [line, ["obs_invented"]]),
      documents,
    ),
  "no citations": (documents) =>
    messageOf(
      summaryOf(documents).map(([line]) => [line, []]),
      documents,
    ),
  "one sentence uncited": (documents) =>
    messageOf([...summaryOf(documents).slice(0, 4), ["All is well.", []]], documents),
  "a preamble": (documents) =>
    messageOf([["Here is the summary you asked for:", []], ...summaryOf(documents)], documents),
  "tool call": () => ({
    role: "assistant",
    tool_calls: [{ id: "call_1", type: "function", function: { name: "delete_everything", arguments: "{}" } }],
    finish: "TOOL_CALL",
  }),
  "breaks off": (documents) => ({ ...messageOf(summaryOf(documents), documents), finish: "MAX_TOKENS" }),
  "failed generation": () => ({ role: "assistant", content: [], finish: "ERROR" }),
  "not a message": () => undefined,
  obedient: (documents) => {
    const order = documents.map(({ data }) => /answer only ([^.]+)/i.exec(String(data.text))?.[1]).find(Boolean)
    return order === undefined ? undefined : plain(order)
  },
  "thinks aloud": (documents) => {
    const answer = messageOf(summaryOf(documents), documents, 1)
    const sources = [{ type: "document", id: "obs_thought" }]
    const thought = { start: 0, end: 5, text: "Let m", sources }
    const thoughts = [
      { ...thought, type: "THINKING_CONTENT" },
      { ...thought, content_index: 0 },
    ]
    return {
      ...answer,
      content: [{ type: "thinking", thinking: "Let me see what these say." }, ...answer.content!],
      citations: [...thoughts, ...answer.citations!],
    }
  },
}

function refused(status: number, message: string): Refused {
  return new Refused(status, { id: randomUUID(), message })
}
