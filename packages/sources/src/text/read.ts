import { Rejected, reasonOf } from "@engram/contracts/errors"
import type { z } from "zod"

/** What a schema reads out of a payload. Throws `Rejected("payload_unreadable")` with the path of the first bad field. */
export function read<Schema extends z.ZodType>(schema: Schema, payload: unknown): z.output<Schema> {
  const result = parse(schema, payload)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = issue?.path.map(String).join(".") ?? ""
  throw new Rejected("payload_unreadable", `${path || "The payload"} cannot be read: ${issue?.message ?? "unknown"}`, {
    ...(path && { path }),
  })
}

/** A value nested some thousand levels deep exhausts the stack of a recursive schema: the payload's fault, not ours. */
function parse<Schema extends z.ZodType>(schema: Schema, payload: unknown) {
  try {
    return schema.safeParse(payload)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new Rejected("payload_unreadable", `The payload is nested too deeply: ${reasonOf(cause)}`, { cause })
  }
}
