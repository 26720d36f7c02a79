import { nestingMax } from "@engram/contracts/json"
import { contentCharsMax } from "@engram/contracts/memories"
import { endOfString, visitStructure } from "@engram/core/json-structure"
import type { z } from "zod"
import { Failure } from "./failure.ts"

/** Of a list each item may have a reason of its own. */
const detailsMax = 20

/** The body as the schema has it, or 400 with the first reason in words and the first twenty in `details`. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(body), { reportInput: false })
  if (parsed.success) return parsed.data
  throw mistakes(parsed.error, "the body")
}

export function parseParameter<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  name: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw mistakes(parsed.error, name)
}

function mistakes(error: z.ZodError, whole: string): Failure {
  const details = error.issues.slice(0, detailsMax).map(({ path, message }) => ({ path: path.join("."), message }))
  const [first] = details
  return new Failure("bad_request", `${first?.path || whole} ${first?.message}`, { details })
}

function jsonOf(body: unknown): unknown {
  if (typeof body !== "string" || body.trim() === "") {
    throw new Failure("bad_request", "the body is empty: send a JSON object")
  }
  try {
    return JSON.parse(body)
  } catch (error) {
    const why = error instanceof Error ? error.message : "not readable"
    throw new Failure("bad_request", `the body is not JSON: ${why}`)
  }
}

/**
 * One member of the body as JSON text, to be stored and given back: as it stands there, since keys like 10 and 9 would not keep
 * their order in an object, nor 12345678901234567890 and 1.0 their digits as numbers. 400 when it is nested more than 500 levels deep, or
 * longer than a memory's content may be: an answer holds a hundred.
 */
export function givenJson(body: unknown, member: string): string {
  const refuse = (message: string): never => {
    throw new Failure("bad_request", `${member} ${message}`, { details: [{ path: member, message }] })
  }
  const text = sourceOf(String(body), member)
  if (text.length > contentCharsMax) refuse(`must have at most ${contentCharsMax} characters`)
  visitStructure(text, (_, depth) => {
    if (depth > nestingMax) refuse(`must not be nested more than ${nestingMax} levels deep`)
  })
  return text
}

/** Of an object's JSON that has been parsed. Of two members with one name it is the last, as in parsing. */
function sourceOf(json: string, member: string): string {
  let source = ""
  let from = 0
  visitStructure(json, (token, depth, at) => {
    if (depth !== 1) return
    const start = json.indexOf('"', from)
    if (token !== "{" && start !== -1 && start < at) {
      const end = endOfString(json, start) + 1
      if (JSON.parse(json.slice(start, end)) === member) source = json.slice(json.indexOf(":", end) + 1, at).trim()
    }
    from = at + 1
  })
  return source
}
