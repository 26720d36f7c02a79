import { secretKeyOf } from "@engram/config/secret-key"
import type { Connection } from "@engram/contracts/deliveries"
import { sources } from "@engram/sources/registry"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import type { Database } from "@engram/store/database"
import { createSealer } from "@engram/store/sealing"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { assertSendable, givenToken } from "../given-token.ts"
import type { Parts } from "../open.ts"
import type { ImportOptions } from "./run-import.ts"

export interface TokenOptions extends ImportOptions {
  readonly token?: string
}

/** Whom a source's API is asked as, and as which setting that may be said. */
export interface Asking {
  readonly source: string
  /** `GitHub` */
  readonly name: string
  readonly setting?: { readonly name: string; readonly value: string | undefined }
  /** Whether the worker asks on with the same token, which is then kept with the connection. */
  readonly keepsToken?: true
}

/**
 * The token to ask with: given, set, or the connection's. The connection is made if it is missing, unless the run is dry;
 * `UsageError` when there is no token or none that can be sent, before anything is written.
 */
export async function tokenFor(
  { context, parts, database }: { readonly context: Context; readonly parts: Parts; readonly database: Database },
  asking: Asking,
  options: TokenOptions,
): Promise<string> {
  const admin = createConnectionAdmin({ database, sealer: createSealer(await secretKeyOf(parts.config)) })
  const place = { workspaceId: options.workspace, storeName: options.store, source: asking.source }
  const given = await givenToken(context, options.token)
  const token = chosen(asking, given, await admin.find(place))
  if (options.dryRun) return token
  const awaitsSecret = sources[asking.source]!.secretFrom !== "here"
  await admin.create({ ...place, awaitsSecret, ...(asking.keepsToken && given ? { credentials: { token } } : {}) })
  return token
}

function chosen(
  { source, name, setting }: Asking,
  given: string | undefined,
  connection: Connection | undefined,
): string {
  const token = given || setting?.value || connection?.credentials.token
  if (token) {
    assertSendable(token, `the token kept with the connection (\`engram connect ${source} … --token\`)`)
    return token
  }
  const ways = ["give --token", ...(setting ? [`set ${setting.name}`] : [])]
  throw new UsageError(
    `${name}'s API needs a token: ${ways.join(", ")}, or keep one with \`engram connect ${source} … --token\``,
  )
}
