import { randomUUID } from "node:crypto"
import { z } from "zod"
import { type ChatRequest, type ChatTrick, chatAnswer, chatModels, readChatRequest } from "./cohere-chat.ts"
import { type Answer, Refused, type Request, type StrictServer, startStrictServer } from "./strict-server.ts"

/** Documented limits: models, their dimensions and the tokens of one text (docs.cohere.com/docs/cohere-embed). */
const models: Record<string, { dimensions: readonly number[]; fixed: boolean; tokensMax: number }> = {
  "embed-v4.0": { dimensions: [256, 512, 1024, 1536], fixed: false, tokensMax: 128_000 },
  "embed-english-v3.0": { dimensions: [1024], fixed: true, tokensMax: 512 },
  "embed-multilingual-v3.0": { dimensions: [1024], fixed: true, tokensMax: 512 },
  "embed-english-light-v3.0": { dimensions: [384], fixed: true, tokensMax: 512 },
  "embed-multilingual-light-v3.0": { dimensions: [384], fixed: true, tokensMax: 512 },
}
const TEXTS_MAX = 96

const EmbedRequest = z.strictObject({
  model: z.string(),
  texts: z.array(z.string()).min(1),
  input_type: z.enum(["search_document", "search_query", "classification", "clustering"]),
  embedding_types: z.array(z.enum(["float", "int8", "uint8", "binary", "ubinary", "base64"])).min(1),
  output_dimension: z.int().optional(),
  truncate: z.enum(["NONE", "START", "END"]).default("END"),
})
type EmbedRequest = z.infer<typeof EmbedRequest>

export interface CohereServer extends StrictServer {
  readonly apiKey: string
  /** The embedding calls that arrived whole and were answered with vectors. */
  readonly calls: readonly { readonly texts: readonly string[]; readonly inputType: string }[]
  /** The chat calls that arrived whole and were answered, tricks too. */
  readonly chats: readonly ChatRequest[]
  /** The next `times` chats are answered like this; called again, the next ones after those. */
  trickNext(trick: ChatTrick, times?: number): void
}

/**
 * Cohere's embedding and chat APIs as their documentation limits them, over real HTTP. Vectors are lexical, so that texts sharing
 * words are near, and, like Cohere's, not of length 1. `refuse` names texts that the service will not embed.
 */
export async function startCohereServer({
  refuse = () => false,
}: {
  refuse?: (text: string) => boolean
} = {}): Promise<CohereServer> {
  const apiKey = "cohere-test-key"
  const calls: { texts: readonly string[]; inputType: string }[] = []
  const chats: ChatRequest[] = []
  const tricks: ChatTrick[] = []

  const handle = (request: Request): Answer => {
    if (request.headers.authorization !== `Bearer ${apiKey}`) throw refused(401, "invalid api token")
    const model = /^\/v1\/models\/([^/]+)$/.exec(request.path)?.[1]
    if (request.method === "GET" && model) return describeModel(model)
    if (request.method === "POST" && request.path === "/v2/chat") {
      const asked = readChatRequest(jsonOf(request))
      chats.push(asked)
      return chatAnswer(asked, tricks.shift())
    }
    if (request.method !== "POST" || request.path !== "/v2/embed") throw refused(404, "page not found")

    const asked = parse(request)
    const dimension = dimensionOf(asked)
    checkTexts(asked, refuse)
    calls.push({ texts: asked.texts, inputType: asked.input_type })
    return { status: 200, body: embedded(asked, dimension) }
  }

  const server = await startStrictServer(handle, (_, message) => ({ id: randomUUID(), message }))
  return {
    ...server,
    apiKey,
    calls,
    chats,
    trickNext(trick, times = 1) {
      tricks.push(...Array.from({ length: times }, () => trick))
    },
  }
}

function describeModel(name: string): Answer {
  const chat = chatModels[name]
  if (chat)
    return { status: 200, body: { name, endpoints: ["chat"], finetuned: false, context_length: chat.contextMax } }
  const model = models[name]
  if (!model) throw refused(404, `model '${name}' not found, make sure the correct model ID was used`)
  return { status: 200, body: { name, endpoints: ["embed"], finetuned: false, context_length: model.tokensMax } }
}

function jsonOf(request: Request): unknown {
  if (!request.headers["content-type"]?.startsWith("application/json"))
    throw refused(400, "content-type must be application/json")
  try {
    return JSON.parse(request.body)
  } catch {
    throw refused(400, "invalid json syntax")
  }
}

function parse(request: Request): EmbedRequest {
  const parsed = EmbedRequest.safeParse(jsonOf(request))
  if (!parsed.success) throw refused(400, `invalid request: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

function dimensionOf({ model: name, output_dimension: asked }: EmbedRequest): number {
  const model = models[name]
  if (!model) throw refused(404, `model '${name}' not found, make sure the correct model ID was used`)
  if (asked === undefined) return model.dimensions.at(-1)!
  if (model.fixed) throw refused(400, `output_dimension is not supported by model ${name}`)
  if (!model.dimensions.includes(asked))
    throw refused(400, `output_dimension must be one of ${model.dimensions.join(", ")}`)
  return asked
}

function checkTexts({ model, texts, truncate }: EmbedRequest, refuse: (text: string) => boolean): void {
  if (texts.length > TEXTS_MAX)
    throw refused(400, `invalid request: at most ${TEXTS_MAX} texts may be sent, got ${texts.length}`)
  const { tokensMax } = models[model]!
  for (const [i, text] of texts.entries()) {
    if (text === "") throw refused(400, `invalid request: texts[${i}] must not be empty`)
    if (!text.isWellFormed()) throw refused(400, `invalid request: texts[${i}] is not valid UTF-8`)
    if (truncate === "NONE" && tokensOf(text) > tokensMax) {
      throw refused(
        400,
        `invalid request: texts[${i}] has ${tokensOf(text)} tokens, more than the ${tokensMax} allowed; set truncate to START or END`,
      )
    }
    if (refuse(text)) throw refused(400, `invalid request: texts[${i}] cannot be embedded`)
  }
}

/** Cohere's tokenizer gives English about four characters a token. */
function tokensOf(text: string): number {
  return Math.ceil(text.length / 4)
}

function embedded({ texts }: EmbedRequest, dimension: number): unknown {
  return {
    id: randomUUID(),
    embeddings: { float: texts.map((text) => vectorOf(text, dimension)) },
    texts,
    meta: {
      api_version: { version: "2" },
      billed_units: { input_tokens: texts.reduce((sum, text) => sum + tokensOf(text), 0) },
    },
    response_type: "embeddings_by_type",
  }
}

/** Words and their beginnings, hashed; a fixed part keeps a text without words from being nothing. Length 1.7. */
function vectorOf(text: string, dimension: number): number[] {
  const values = new Array<number>(dimension).fill(0)
  values[0] = 0.1
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    for (const feature of [word, word.slice(0, 4)]) {
      let hash = 0x811c9dc5
      for (let i = 0; i < feature.length; i++) hash = Math.imul(hash ^ feature.charCodeAt(i), 0x01000193)
      hash ^= hash >>> 15
      values[(hash >>> 0) % dimension]! += hash & 0x10000 ? 1 : -1
    }
  }
  const length = Math.hypot(...values)
  return values.map((value) => (1.7 * value) / length)
}

function refused(status: number, message: string): Refused {
  return new Refused(status, { id: randomUUID(), message })
}
