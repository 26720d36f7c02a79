import { nestingMax } from "@engram/contracts/json"
import { visitStructure } from "@engram/core/json-structure"
import type { z } from "zod"
import { Failure } from "./failure.ts"

/** The body as the schema has it, or 400 with the first reason in words and all of them in `details`. */
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
  const details = error.issues.map(({ path, message }) => ({ path: path.join("."), message }))
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

/** What TypeScript does not know of JSON yet; Node 24 has it. */
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
}

/**
 * One member of the body as JSON text, to be stored and given back: keys in their order, numbers digit for digit, since
 * 12345678901234567890 and 1.0 would not survive being numbers. 400 when it is nested more than 500 levels deep.
 */
export function givenJson(body: unknown, member: string): string {
  try {
    const all = parse(String(body), (_key, value, { source }) =>
      typeof value === "number" && String(value) !== source ? rawJSON(source ?? String(value)) : value,
    ) as Record<string, unknown>
    const text = JSON.stringify(all[member])
    visitStructure(text, (_, depth) => {
      if (depth > nestingMax) throw new RangeError("too deep")
    })
    return text
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const message = `must not be nested more than ${nestingMax} levels deep`
    throw new Failure("bad_request", `${member} ${message}`, { details: [{ path: member, message }] })
  }
}
