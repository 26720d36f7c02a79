import { createPatientFetch } from "@engram/patient-fetch/patient-fetch"
import { type FetchFunction, LogLevel, WebClient } from "@slack/web-api"

export interface SlackClientOptions {
  /** A bot's token (`xoxb-…`) or a person's (`xoxp-…`): what it sees is what can be had. */
  readonly token: string
  /** Another address than Slack's own. */
  readonly apiUrl?: string
  /** For one request. */
  readonly timeoutMs: number
  /** Between requests that are sent again; for tests. */
  readonly retryBaseMs?: number
}

export const slackApiUrl = "https://slack.com/api/"

/** Slack's own client, with our time limits, patience and silence; nothing is asked until a request is made. */
export function createSlackClient({ token, apiUrl = slackApiUrl, ...patience }: SlackClientOptions): WebClient {
  const patient = createPatientFetch({ service: "Slack", ...patience })
  return new WebClient(token, {
    slackApiUrl: `${apiUrl.replace(/\/+$/, "")}/`,
    fetch: patient.fetch as FetchFunction,
    // Waiting is the patient fetch's for seconds and the import's for longer, who can say so and be interrupted.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silent,
  })
}

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
}
