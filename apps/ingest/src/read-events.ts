import { setImmediate as yieldToOthers } from "node:timers/promises"
import { SourceEventEnvelope } from "@engram/contracts/envelope"
import { nestingMax } from "@engram/contracts/json"
import { visitStructure } from "@engram/core/json-structure"
import { Refusal } from "./refusal.ts"

/** An event that is right, with its own bytes: those of its NDJSON line, or its JSON. */
export interface ReadEvent {
  readonly envelope: SourceEventEnvelope
  readonly body: Buffer
}

interface Candidate {
  readonly value: unknown
  readonly text: string
}

/** Validating is CPU work; other requests get their turn this often. */
const eventsPerTurn = 200

/** All events of a body, or a 400 that names the first wrong one by its place, from 0, and the field. */
export async function readEvents(
  body: Buffer,
  options: { readonly type: string; readonly eventsMax: number },
): Promise<ReadEvent[]> {
  const text = decode(body)
  const candidates = options.type === "application/x-ndjson" ? fromLines(text) : fromJson(text)
  if (candidates.length === 0) throw new Refusal(400, "empty_body", "the body has no events")
  if (candidates.length > options.eventsMax) {
    throw new Refusal(413, "too_many_events", `a request may have ${options.eventsMax} events and no more`)
  }
  const events: ReadEvent[] = []
  for (const [index, candidate] of candidates.entries()) {
    if (index % eventsPerTurn === eventsPerTurn - 1) await yieldToOthers()
    events.push({ envelope: validate(candidate.value, index), body: Buffer.from(candidate.text) })
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

function fromJson(text: string): Candidate[] {
  if (text.trim() === "") return []
  const value = parse(text, "the body")
  if (!Array.isArray(value)) return [{ value, text }]
  return value.map((each: unknown) => ({ value: each, text: JSON.stringify(each) }))
}

function fromLines(text: string): Candidate[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "")
  return lines.map((line, index) => ({ value: parse(line, `event ${index}`), text: line.trim() }))
}

function parse(text: string, what: string): unknown {
  visitStructure(text, (_, depth) => {
    if (depth <= nestingMax) return
    throw new Refusal(400, "invalid_event", `${what} must not be nested more than ${nestingMax} levels deep`)
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Refusal(400, "invalid_json", `${what} is not JSON: ${(error as Error).message}`)
  }
}

function validate(value: unknown, index: number): SourceEventEnvelope {
  const read = SourceEventEnvelope.safeParse(value)
  if (!read.success) {
    const issue = read.error.issues[0]!
    throw invalid(index, issue.path.join("."), issue.message)
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
