import type { StoredRequest } from "@engram/contracts/source"
import { sources } from "@engram/sources/registry"
import { bullet, heading, paragraph, text } from "../../../packages/sources/test/fixtures/notion/blocks.ts"
import { fetchedPage } from "../../../packages/sources/test/notion-delivery.ts"
import { examplePayloads, linearPayloads } from "../../examples.ts"
import { slackPayloads } from "../../slack.ts"
import type { Payload } from "../../workbench.ts"
import { makeLoad } from "../load.ts"
import { titleOf } from "../texts.ts"

export interface Normalized {
  readonly source: string
  readonly payloads: number
  readonly bytesEach: number
  /** Of one core; parsing included. */
  readonly perSecond: number
}

/** Long enough to be warm, and for the clock of processor time. */
const measuredMs = 1_500

/** What each source's `normalize` does by itself with what it is sent: no database, no queue. Notion's are pages as they are read. */
export function measureNormalizers(): Normalized[] {
  const load = makeLoad({ count: 2_000 }).map(({ key, event, body }) => ({ key, event, payload: body.toString() }))
  return [
    measure("github", load),
    measure("github examples", examplePayloads, "github"),
    measure("linear", linearPayloads),
    measure("slack", slackPayloads),
    measure("notion", notionPages),
  ]
}

/** Pages of some 40 blocks. */
const notionPages: readonly Payload[] = Array.from({ length: 50 }, (_, n) => {
  const section = (m: number) => [
    heading(2, titleOf(`${n} ${m}`)),
    paragraph(text(`${titleOf(`${n} ${m} a`)}. ${titleOf(`${n} ${m} b`)}.`)),
    bullet(titleOf(`${n} ${m} c`)),
    bullet(titleOf(`${n} ${m} d`)),
  ]
  const page = fetchedPage({ title: titleOf(`${n}`), blocks: Array.from({ length: 10 }, (_, m) => section(m)).flat() })
  return { key: `page-${n}`, event: "page.fetched", source: "notion", payload: page }
})

function measure(name: string, payloads: readonly Payload[], source = name): Normalized {
  const { normalize } = sources[source]!
  const requests = payloads.map(requestOf)
  const round = (): void => {
    for (const request of requests) normalize(request)
  }
  round()
  const before = process.cpuUsage()
  const started = performance.now()
  let rounds = 0
  for (; performance.now() - started < measuredMs; rounds++) round()
  const { user, system } = process.cpuUsage(before)
  return {
    source: name,
    payloads: payloads.length,
    bytesEach: Math.round(requests.reduce((sum, { body }) => sum + body.byteLength, 0) / requests.length),
    perSecond: (rounds * requests.length) / ((user + system) / 1e6),
  }
}

const requestOf = ({ key, event, payload }: Payload): StoredRequest => ({
  headers: { "content-type": "application/json", "x-github-event": event, "x-github-delivery": key },
  body: Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload)),
  receivedAt: 1_700_000_000_000,
})
