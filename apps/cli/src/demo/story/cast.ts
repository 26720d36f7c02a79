/**
 * An incident of one day, as four sources tell it: made up, in the shapes that the providers document. What they have in common
 * is here: the people, the issue, the pull request, the thread, the page.
 */

export interface Person {
  readonly name: string
  readonly handle: string
  /** Every source says that it is verified, each in its own way; it is all that tells that four accounts are one person. */
  readonly email: string
  readonly github: number
  readonly linear: string
  readonly slack: string
  readonly notion: string
}

/** Opens the issue, merges the pull request, decides in Slack and writes the post-mortem. */
export const mira: Person = {
  name: "Mira Okafor",
  handle: "mira",
  email: "mira@acme.example",
  github: 990_000_011,
  linear: "5c0a1f6e-0142-4a11-9d01-000000000011",
  slack: "U0MIRA0011",
  notion: "5c0a1f6e-0142-4a11-9d04-000000000011",
}

/** Notices it, finds the cause and writes the fix. */
export const jonas: Person = {
  name: "Jonas Lind",
  handle: "jonas",
  email: "jonas@acme.example",
  github: 990_000_012,
  linear: "5c0a1f6e-0142-4a11-9d01-000000000012",
  slack: "U0JONAS012",
  notion: "5c0a1f6e-0142-4a11-9d04-000000000012",
}

/** `09:02` on the day of the incident, as ISO text. */
export const at = (clock: string): string => `2026-03-10T${clock}:00.000Z`

/** The same as Slack writes times, which are the ids of its messages. */
export const ts = (clock: string): string => `${Date.parse(at(clock)) / 1_000}.000100`

const title = "Checkout answers 502 since the 08:55 deploy"

export const issue = {
  id: "5c0a1f6e-0142-4a11-9d01-000000000142",
  key: "ENG-142",
  title,
  url: "https://linear.app/acme/issue/ENG-142/checkout-answers-502-since-the-0855-deploy",
}

export const pull = { number: 87, url: "https://github.com/acme/checkout/pull/87", branch: "jonas/eng-142-pool" }

const channel = "C0CHECKOUT"
const root = ts("09:02")
export const thread = {
  team: "T0ACME0001",
  channel,
  root,
  url: `https://acme.slack.com/archives/${channel}/p${root.replace(".", "")}`,
}

const pageId = "5c0a1f6e-0142-4a11-9d04-000000000142"
export const page = { id: pageId, url: `https://www.notion.so/Post-mortem-${pageId.replaceAll("-", "")}` }
