import { isSendable, sendableInWords } from "@engram/config/sendable"
import type { Context } from "./context.ts"
import { UsageError } from "./explain-error.ts"

/** What `--token` gives; with `-`, what standard input has. `UsageError` where no header can hold it. */
export async function givenToken(context: Context, option: string | undefined): Promise<string | undefined> {
  const token = option === "-" ? (await context.readInput()).trim() : option?.trim()
  if (token) assertSendable(token, "--token")
  return token
}

/** `where` the token came from. The token is not shown. */
export function assertSendable(token: string, where: string): void {
  if (isSendable(token)) return
  throw new UsageError(`${where} holds what no token has: expected ${sendableInWords}, pasted whole`)
}
