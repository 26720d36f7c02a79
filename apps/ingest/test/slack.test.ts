import { createHmac } from "node:crypto"
import { slack } from "@engram/sources/slack/index"
import { describe, expect, test } from "vitest"
import { type Harness, useIngest } from "./ingest-fixture.ts"

/** How long Slack waits for an answer before it tries again. */
const patienceMs = 3_000

interface Sent {
  readonly secret?: string
  /** Seconds; now unless said. */
  readonly timestamp?: number
  readonly headers?: Record<string, string>
}

function send(door: Harness["door"], payload: object, { secret, timestamp, headers }: Sent = {}): Promise<Response> {
  const body = JSON.stringify(payload)
  const at = String(timestamp ?? Math.floor(Date.now() / 1_000))
  const hex = createHmac("sha256", secret ?? door.secret)
    .update(`v0:${at}:${body}`)
    .digest("hex")
  return fetch(door.path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-slack-request-timestamp": at,
      "x-slack-signature": `v0=${hex}`,
      ...headers,
    },
    body,
  })
}

const message = (id: string) => ({
  type: "event_callback",
  team_id: "T123ABC456",
  event_id: id,
  event: { type: "message", user: "U0ADA00001", text: `message ${id}`, ts: "1700000000.000100", channel: "C123ABC456" },
})

describe("Slack", () => {
  const ingest = useIngest({ source: slack })
  const rows = () =>
    ingest.database.asFleet((tx) =>
      tx.query<{ key: string; event: string; headers: object }>(
        "select delivery_key as key, event, headers from ingest_deliveries order by delivery_key",
      ),
    )

  test("gets its challenge back when it signed it, and nothing when it did not", async () => {
    const question = {
      type: "url_verification",
      token: "t",
      challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    }
    const answer = await send(ingest.door, question)
    expect([answer.status, await answer.json()]).toEqual([200, { challenge: question.challenge }])
    expect((await send(ingest.door, question, { secret: "guessed" })).status).toBe(401)
    expect((await send(ingest.door, question, { timestamp: 1_700_000_000 })).status).toBe(401)
    expect(await rows()).toEqual([])
  })

  test("is refused when its request is older, or newer, than five minutes", async () => {
    const now = Math.floor(Date.now() / 1_000)
    for (const timestamp of [now - 310, now + 310]) {
      const answer = await send(ingest.door, message("Ev0stale"), { timestamp })
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, "bad_signature"])
    }
    expect(await rows()).toEqual([])
  })

  test("may try again: the same event is one delivery", async () => {
    const first = (await (await send(ingest.door, message("Ev0twice"))).json()) as { id: string }
    const retry = { "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout" }
    const again = await send(ingest.door, message("Ev0twice"), { headers: retry })
    expect([again.status, await again.json()]).toEqual([200, { id: first.id, duplicate: true }])
    expect((await rows()).map(({ key }) => key)).toEqual(["Ev0twice"])
  })

  test("that tries again an event which never arrived is taken, with the number of its try", async () => {
    const retry = { "x-slack-retry-num": "2", "x-slack-retry-reason": "http_error" }
    expect((await send(ingest.door, message("Ev1late"), { headers: retry })).status).toBe(202)
    const late = (await rows()).find(({ key }) => key === "Ev1late")
    expect(late).toMatchObject({ event: "message", headers: retry })
    expect(JSON.stringify(late?.headers)).not.toContain("signature")
  })

  test("is answered in time by a door that is busy", async () => {
    const waiting = Array.from({ length: 2_000 }, (_, i) => `Ev2load${i}`)
    const took: number[] = []
    const sender = async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        const started = performance.now()
        const answer = await send(ingest.door, message(id))
        await answer.arrayBuffer()
        took.push(performance.now() - started)
        expect(answer.status).toBe(202)
      }
    }
    await Promise.all(Array.from({ length: 32 }, sender))
    took.sort((a, b) => a - b)
    process.stdout.write(
      `slack: answered in ${took[1_000]!.toFixed(0)} ms (median), ${took.at(-1)!.toFixed(0)} ms (longest)\n`,
    )
    expect(took.at(-1)).toBeLessThan(patienceMs)
  }, 60_000)
})
