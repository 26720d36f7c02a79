import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { examplePayloads } from "../examples.ts"
import { issue } from "../payloads.ts"
import { createSystem, signedHeaders } from "../system.ts"
import { createWorkbench, type Payload } from "../workbench.ts"

const megabyte = 1_048_576
const opened = issue({ number: 1 })
const whole = JSON.stringify(opened.payload)
const withTitle = (title: string): string => whole.replace('"title":"Issue 1"', `"title":"${title}"`)
const pull = examplePayloads.find(({ event }) => event === "pull_request")!.payload as { pull_request: object }
const manyLabels = {
  ...pull,
  pull_request: {
    ...pull.pull_request,
    labels: Array.from({ length: 10_000 }, (_, id) => ({ id, name: `label ${id}` })),
  },
}
const uninstalled = {
  ...(opened.payload as object),
  installation: { id: 404 },
  repository: { ...(opened.payload as { repository: object }).repository, id: 404, full_name: "never/installed" },
}

/** Each is answered 202, because it is GitHub's and whole, and ends as it says. */
const deliveries: readonly (Payload & { readonly state: string; readonly reason?: RegExp })[] = [
  { key: "truncated", event: "issues", payload: whole.slice(0, 700), state: "parked", reason: /payload_unreadable/ },
  {
    key: "wrong-type",
    event: "issues",
    payload: whole.replace('"number":1,', '"number":"one",'),
    state: "parked",
    reason: /issue\.number/,
  },
  { key: "unknown-event", event: "issue_vibes", payload: "{}", state: "skipped", reason: /Unknown event issue_vibes/ },
  {
    key: "unknown-action",
    event: "issues",
    payload: whole.replace('"action":"opened"', '"action":"levitated"'),
    state: "skipped",
    reason: /Unknown action levitated/,
  },
  { key: "nul", event: "issues", payload: withTitle("a\\u0000b"), state: "processed" },
  { key: "lone-surrogate", event: "issues", payload: withTitle("a\\ud83d b"), state: "processed" },
  { key: "uninstalled", event: "issues", payload: uninstalled, state: "processed" },
  { key: "ten-thousand-labels", event: "pull_request", payload: manyLabels, state: "processed" },
  {
    key: "25-megabytes",
    event: "issues",
    payload: withTitle("large").padEnd(25 * megabyte, " "),
    state: "processed",
  },
]

test("whatever GitHub signs is taken, and ends read, skipped or parked with its reason", async () => {
  const system = await createSystem({ EMBEDDING_DIMENSION: "64" })
  try {
    const ingest = await system.start("ingest")
    const worker = await system.start("worker")
    for (const delivery of deliveries) expect((await system.post(ingest.url, delivery)).status, delivery.key).toBe(202)
    await system.settled()
    const rows = await system.rows<{ key: string; state: string; reason: string | null }>(
      "select delivery_key as key, state, reason from ingest_deliveries",
    )
    const ends = new Map(rows.map((row) => [row.key, row]))
    for (const { key, state, reason } of deliveries) {
      expect(ends.get(key)?.state, key).toBe(state)
      if (reason) expect(ends.get(key)?.reason, key).toMatch(reason)
    }
    expect(worker.isRunning() && ingest.isRunning()).toBe(true)
    // Nothing loops: what has ended is not taken again.
    const [taken] = await system.rows("select max(attempts) as most from ingest_deliveries")
    expect(taken).toEqual({ most: 1 })
  } finally {
    await system.close()
  }
}, 120_000)

test("what is the sender's fault is answered 4xx, and nothing of it is kept", async () => {
  const system = await createSystem()
  try {
    const ingest = await system.start("ingest")
    const door = `${ingest.url}/v1/webhooks/github/${system.connectionId}`
    const right = (body: string) => signedHeaders(system.secret, { key: "k", event: "issues", body })
    const post = async (body: string, headers: Record<string, string>, url = door) => {
      const response = await fetch(url, { method: "POST", headers, body }).catch(() => undefined)
      const answer = (await response?.json()) as { message?: string } | undefined
      if (response && response.status >= 400) expect(answer?.message).toMatch(/\w+ \w+/)
      return response?.status
    }
    const without = (name: string) => ({
      ...Object.fromEntries(Object.entries(right(whole)).filter(([key]) => key !== name)),
    })

    expect(await post("", right(""))).toBe(400)
    expect(await post(whole, without("x-github-delivery"))).toBe(400)
    expect(await post(whole, without("x-hub-signature-256"))).toBe(401)
    expect(
      await post(whole, { ...right(whole), ...signedHeaders("wrong", { key: "k", event: "issues", body: whole }) }),
    ).toBe(401)
    expect(await post(`${whole} `, right(whole))).toBe(401)
    expect(await post(whole, right(whole), `${ingest.url}/v1/webhooks/github/con_nobody`)).toBe(404)
    expect(await post(whole, right(whole), `${ingest.url}/v1/webhooks/gitlab/${system.connectionId}`)).toBe(404)
    expect(await post(whole, { ...right(whole), "content-type": "text/plain" })).toBe(415)
    const over = whole.padEnd(25 * megabyte + 1, " ")
    expect(await post(over, right(over))).toBe(413)
    expect(await system.rows("select id from ingest_deliveries")).toEqual([])

    // A replayed delivery id is the same delivery, whatever comes with it.
    expect(await post(whole, right(whole))).toBe(202)
    expect(await post(whole, right(whole))).toBe(200)
    expect(await post(withTitle("other"), right(withTitle("other")))).toBe(200)
    expect(await system.rows("select attempts from ingest_deliveries")).toHaveLength(1)
  } finally {
    await system.close()
  }
}, 120_000)

test("two workers on one document at once, and an older event after a newer, end as one in order would", async () => {
  const story = [
    issue({ number: 5, title: "First", minute: 0 }),
    issue({ number: 5, action: "edited", title: "Second", minute: 1 }),
    issue({ number: 5, action: "edited", title: "Third", minute: 2 }),
    issue({ number: 5, action: "labeled", title: "Third", labels: ["bug"], minute: 3 }),
  ]
  const inOrder = await createWorkbench()
  const atOnce = await createWorkbench({ normalizeLimits: { rowsMax: 1 } })
  try {
    for (const each of story) {
      await inOrder.accept([each])
      await inOrder.drain()
    }
    await atOnce.accept(story.toReversed())
    await Promise.all([1, 2, 3, 4].map(() => atOnce.turn("normalize")))
    await atOnce.drain()
    expect(await currentState(atOnce)).toEqual(await currentState(inOrder))
    const titles = await atOnce.rows("select title, labels from knowledge_documents")
    expect(titles).toEqual([{ title: "Third", labels: ["bug"] }])
  } finally {
    await inOrder.close()
    await atOnce.close()
  }
})
