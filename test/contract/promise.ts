import type { Client } from "./client.ts"

export interface ContractPromise {
  readonly name: string
  /** Capabilities, as health names them. */
  readonly needs?: readonly string[]
  check(client: Client): Promise<void>
}
