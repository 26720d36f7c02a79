import { Refused } from "./strict-server.ts"

/** A refusal as Pinecone's planes word it. */
export function refused(status: number, code: string, message: string): Refused {
  return new Refused(status, { error: { code, message }, status })
}
