import type { z } from "zod"
import { cutText } from "./cut-text.ts"

/** The name of an unknown field is the sender's, and may be as long as a body. */
const nameCharsMax = 100

/** What is wrong first, and where ("" is the whole), in words that do not grow with what was sent. */
export function firstIssue({ issues }: z.ZodError): { readonly path: string; readonly message: string } {
  const { path, ...issue } = issues[0]!
  if (issue.code !== "unrecognized_keys") return { path: path.join("."), message: issue.message }
  return { path: [...path, cutText(issue.keys[0]!, nameCharsMax)].join("."), message: "there is no such field" }
}
