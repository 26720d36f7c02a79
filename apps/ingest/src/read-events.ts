import { setImmediate as yieldToOthers } from "node:timers/promises"
import { Refusal } from "@engram/bodies/refusal"
import { ParsedEnvelope, valuesMax } from "@engram/contracts/envelope"
import { firstIssue } from "@engram/contracts/first-issue"
import { nestingMax } from "@engram/contracts/json"
import { visitStructure } from "@engram/core/json-structure"

/** An event that is right, with its own bytes. What else it says is not kept: it may take many times the memory of its bytes. */
export interface ReadEvent {
  readonly idempotencyKey: string
  readonly kind: string
  readonly body: Buffer
}

/** Parsing and validating is CPU work; other requests get their turn this often. */
const charsPerTurn = 20_000

/** All events of a body, or a 400 that names the first wrong one by its place, from 0, and the field. */
export async function readEvents(
  body: Buffer,
  options: { readonly type: string; readonly eventsMax: number },
): Promise<ReadEvent[]> {
  const whole = decode(body).trim()
  const texts = options.type === "application/x-ndjson" ? linesOf(whole, options) : valuesOf(whole, options)
  if (texts.length === 0) throw new Refusal(400, "empty_body", "the body has no events")
  const events: ReadEvent[] = []
  let chars = 0
  for (const [index, text] of texts.entries()) {
    chars += text.length
    if (chars > charsPerTurn) {
      chars = 0
      await yieldToOthers()
    }
    const { idempotencyKey, kind } = validate(parse(text, index), index)
    events.push({ idempotencyKey, kind, body: Buffer.from(text) })
  }
  return events
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body)
  } catch {
    throw new Refusal(400, "invalid_encoding", "the body is not UTF-8")
  }
}

interface CountLimit {
  readonly eventsMax: number
}

/** The lines that are not blank. */
function linesOf(whole: string, limit: CountLimit): string[] {
  const lines: string[] = []
  const visible = /\S/g
  for (let start = visible.exec(whole)?.index; start !== undefined; start = visible.exec(whole)?.index) {
    const end = whole.indexOf("\n", start)
    visible.lastIndex = end === -1 ? whole.length : end
    keep(lines, whole.slice(start, visible.lastIndex), limit)
  }
  return lines
}

/** The items of an array, or the one value that is none. They are cut apart, not parsed: twelve million fit into a body. */
function valuesOf(whole: string, limit: CountLimit): string[] {
  if (!whole.startsWith("[")) return whole === "" ? [] : [whole]
  const items: string[] = []
  let start = 1
  let end: number | undefined
  visitStructure(whole, (token, depth, at) => {
    if (depth !== 1 || at === 0) return
    keep(items, whole.slice(start, at), limit)
    start = at + 1
    if (token !== ",") end ??= at
  })
  if (end !== whole.length - 1 || !whole.endsWith("]")) {
    throw new Refusal(400, "invalid_json", "the body is not JSON: its array does not end where the body does")
  }
  return items.length === 1 && items[0] === "" ? [] : items
}

function keep(texts: string[], text: string, { eventsMax }: CountLimit): void {
  if (texts.length === eventsMax) {
    throw new Refusal(413, "too_many_events", `a request may have ${eventsMax} events and no more`)
  }
  texts.push(text.trim())
}

function parse(text: string, index: number): unknown {
  let values = 0
  visitStructure(text, (token, depth) => {
    if (depth > nestingMax) throw invalid(index, "", `must not be nested more than ${nestingMax} levels deep`)
    if (token !== "]" && token !== "}") values++
    if (values > valuesMax) throw invalid(index, "", `may hold ${valuesMax} values and no more`)
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Refusal(400, "invalid_json", `event ${index} is not JSON: ${(error as Error).message}`)
  }
}

function validate(value: unknown, index: number): Pick<ReadEvent, "idempotencyKey" | "kind"> {
  const read = ParsedEnvelope.safeParse(value)
  if (!read.success) {
    const { path, message } = firstIssue(read.error)
    throw invalid(index, path, message)
  }
  // Postgres text holds neither; a sender who means a character can escape it otherwise.
  const key = read.data.idempotencyKey
  if (key.includes("\0") || !key.isWellFormed()) {
    throw invalid(index, "idempotencyKey", "may hold neither NUL nor half a surrogate pair")
  }
  return read.data
}

const invalid = (index: number, field: string, message: string): Refusal =>
  new Refusal(400, "invalid_event", `event ${index}${field ? `, ${field}` : ""}: ${message}`)
