import type { WebhookAttempt, WebhookLog } from "@engram/contracts/redelivery"
import type { GithubClient } from "./github-client.ts"
import { inOurWords } from "./github-words.ts"

/** What GitHub's documentation allows (docs.github.com/webhooks, redelivering), less a margin for the clocks. */
const keptMs = 3 * 86_400_000 - 300_000
/** GitHub asks for a second between requests that change something. */
const pauseMs = 1_000
const perPage = 100

interface Delivery {
  readonly id: number
  readonly guid: string
  readonly delivered_at: string
  readonly status: string
  readonly status_code: number
  readonly event: string
  readonly action: string | null
}

/**
 * GitHub's own record of one webhook's deliveries: `repos/{owner}/{repo}/hooks/{id}`, `orgs/{org}/hooks/{id}` or `app/hook`,
 * as `readHookAddress` gives it.
 */
export function createGithubWebhookLog(options: {
  readonly client: GithubClient
  readonly hook: string
  readonly pauseMs?: number
}): WebhookLog {
  const { client, hook } = options
  const asked = `deliveries of the webhook ${hook}`
  return {
    keptMs,
    pauseMs: options.pauseMs ?? pauseMs,
    attempts: async (since) => {
      const attempts: WebhookAttempt[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await inOurWords(asked, () =>
          client.request(`GET /${hook}/deliveries`, { per_page: perPage, ...(cursor === undefined ? {} : { cursor }) }),
        )
        const deliveries = page.data as readonly Delivery[]
        const recent = deliveries.filter((each) => Date.parse(each.delivered_at) >= since.getTime())
        attempts.push(...recent.map(attempt))
        cursor = nextCursor(page.headers.link)
        // Newest first: what follows is older still.
        if (cursor === undefined || recent.length < deliveries.length) return attempts
      }
    },
    redeliver: async (id) => {
      await inOurWords(asked, () => client.request(`POST /${hook}/deliveries/{id}/attempts`, { id }))
    },
  }
}

const attempt = ({ id, guid, delivered_at, status, status_code, event, action }: Delivery): WebhookAttempt => ({
  id: String(id),
  deliveryKey: guid,
  event: action ? `${event}.${action}` : event,
  at: new Date(delivered_at),
  succeeded: status_code >= 200 && status_code < 300,
  ended: status_code ? `${status_code} ${status}` : status,
})

const nextCursor = (link: string | undefined): string | undefined => {
  const next = /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1]
  return next === undefined ? undefined : (new URL(next).searchParams.get("cursor") ?? undefined)
}
