import type { Config } from "@engram/config/config"
import type { Connection } from "@engram/contracts/deliveries"
import { Rejected } from "@engram/contracts/errors"
import type { WebhookLog } from "@engram/contracts/redelivery"
import type { GithubIdentity } from "@engram/github/github-client"
import { readHookAddress } from "@engram/github/hook-address"
import { requestTimeoutMs } from "./request-timeout.ts"

/** Which sources remember what they could not deliver. */
export const rememberingSources: readonly string[] = ["github"]

/** A webhook as a person names it, as it is kept in a connection's credentials. `Rejected` when it names none. */
export const readHook = (text: string): string => readHookAddress(text)

/** The provider's records of a connection's webhooks; none where it keeps none, or nobody said which webhooks they are. */
export async function openWebhookLogs(
  config: Pick<Config, "github">,
  { source, credentials }: Pick<Connection, "source" | "credentials">,
): Promise<WebhookLog[]> {
  if (!rememberingSources.includes(source) || !credentials.hook) return []
  const { createGithubClient } = await import("@engram/github/github-client")
  const { createGithubWebhookLog } = await import("@engram/github/github-webhook-log")
  const { apiUrl } = config.github
  const identity = identityOf(credentials)
  const client = createGithubClient({ identity, timeoutMs: requestTimeoutMs, ...(apiUrl ? { apiUrl } : {}) })
  return credentials.hook.split("\n").map((hook) => createGithubWebhookLog({ client, hook }))
}

function identityOf({ appId, privateKey, token }: Connection["credentials"]): GithubIdentity {
  if (appId && privateKey) return { appId, privateKey }
  if (token) return { token }
  throw new Rejected(
    "credentials_missing",
    "GitHub's record of deliveries needs a token, or an app's id and private key: `engram connect github … --token`",
  )
}
