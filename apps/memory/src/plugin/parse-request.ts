import { nestingMax } from "@engram/contracts/memories"
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

/**
 * One member of the body as JSON text, to be stored and given back: as it stands there, since keys like 10 and 9 would not keep
 * their order in an object, nor 12345678901234567890 and 1.0 their digits as numbers. 400 when it is nested more than 500 levels deep.
 */
export function givenJson(body: unknown, member: string): string {
  const text = sourceOf(String(body), member)
  if (depthOf(text) <= nestingMax) return text
  const message = `must not be nested more than ${nestingMax} levels deep`
  throw new Failure("bad_request", `${member} ${message}`, { details: [{ path: member, message }] })
}

/** Of an object's JSON that has been parsed. Of two members with one name it is the last, as in parsing. */
function sourceOf(json: string, member: string): string {
  let source = ""
  let name = ""
  let from = 0
  let depth = 0
  for (const [mark, at] of marksOf(json)) {
    // What stands in the object itself: its beginning, and the ends of its names and values.
    if (depth === 0 || (depth === 1 && levelsBy(mark) < 1)) {
      if (mark === ":") name = JSON.parse(json.slice(from, at))
      else if (name === member) source = json.slice(from, at).trim()
      from = at + 1
    }
    depth += levelsBy(mark)
  }
  return source
}

function depthOf(json: string): number {
  let depth = 0
  let deepest = 0
  for (const [mark] of marksOf(json)) {
    depth += levelsBy(mark)
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

const levelsBy = (mark: string): number => ("{[".includes(mark) ? 1 : "}]".includes(mark) ? -1 : 0)

/** What stands between strings, numbers and words, and where. Without recursion, so that no depth is too much. */
function* marksOf(json: string): Generator<readonly [mark: string, at: number]> {
  let inString = false
  for (let at = 0; at < json.length; at++) {
    const token = json[at]!
    if (inString && token === "\\") at++
    else if (token === '"') inString = !inString
    else if (!inString && "{}[]:,".includes(token)) yield [token, at]
  }
}
