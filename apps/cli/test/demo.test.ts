import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { incident } from "../src/demo/story/incident.ts"
import { install, run, start } from "./cli-fixture.ts"

const demoMs = 180_000

test(
  "every count of `demo --json` agrees with the tables, and the documents with the payloads",
  async () => {
    const engram = await install()
    const { code, stdout, stderr } = await run(["demo", "--json"], engram.environment)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const report = JSON.parse(stdout)
    const number = async (sql: string): Promise<number> =>
      (await engram.rows<{ n: number }>(`select count(*)::int as n from ${sql}`))[0]!.n

    expect(report.posted).toEqual({
      payloads: 345,
      events: 65,
      recorded: 329,
      told: 16,
      accepted: 345,
      duplicate: 0,
    })
    for (const [state, n] of Object.entries(report.deliveries)) {
      expect({ state, n }).toEqual({ state, n: await number(`ingest_deliveries where state = '${state}'`) })
    }
    expect(report.deliveries).toMatchObject({ received: 0, parked: 0 })
    expect(report.deliveries.processed + report.deliveries.skipped).toBe(345)

    const named = await engram.rows<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and (relrowsecurity or relkind = 'v') order by 1",
    )
    const kept = named.map(({ name }) => name).filter((name) => !["lanes", "workspaces"].includes(name))
    expect(Object.keys(report.tables).sort()).toEqual(kept)
    for (const [table, n] of Object.entries(report.tables))
      expect({ table, n }).toEqual({ table, n: await number(table) })

    expect(report.live.documents).toBe(await number("knowledge_documents where live"))
    expect(report.live.chunks).toBe(await number("knowledge_chunks where version_to is null"))
    expect(report.live.observations).toBe(await number("memory_observations where live"))
    expect(report.live.edges).toBe(await number("relationships where live and until is null"))
    expect(report.vectors).toEqual({
      owed: await number("vector_entries where wanted_hash is distinct from written_hash"),
      indexed: await number("vector_entries where wanted_hash = written_hash"),
      parked: 0,
    })
    expect(report.vectors.owed).toBe(0)
    expect(report.vectors.indexed).toBeGreaterThan(0)
    expect(report.embedding.texts).toBe(
      // What the night wrote it embeds itself; a centroid is embedded by nobody.
      await number(
        "embedding_values where text_hash not in (select text_hash from vector_entries where family in ('summaries', 'profiles'))",
      ),
    )
    expect(report.embedding.calls).toBeGreaterThan(0)
    expect(report.documentsPerSecond).toBeCloseTo(report.live.documents / report.seconds, 0)
    expect(report.searches.every(({ hits }: { hits: number }) => hits > 0)).toBe(true)

    const documents = await engram.rows<{ id: string }>("select source_id as id from knowledge_documents")
    expect(documents.map(({ id }) => id).sort()).toEqual([...distinctThings()].sort())

    expect(report.tables.wanted_fetches).toBe(0)
    const sources = await engram.rows<{ source: string }>("select distinct source from connections order by source")
    expect(sources.map(({ source }) => source)).toEqual(["github", "linear", "notion", "slack"])
    expect(report.person).toEqual({
      name: "Mira Okafor",
      accounts: ["github:user", "linear:user", "notion:user", "slack:user"],
    })
    expect(report.neighbourhood).toEqual({ of: "ENG-142", nodes: 7, edges: 8, evidence: 9 })

    const again = await engram.json("demo")
    expect(again.posted).toMatchObject({ accepted: 0, duplicate: 345 })
    expect(again.embedding).toEqual({ calls: 0, texts: 0 })
    expect(again.neighbourhood).toEqual(report.neighbourhood)
    const other = { api_keys: 0, consolidation_runs: 0 }
    expect({ ...again.tables, ...other }).toEqual({ ...report.tables, ...other })
    expect(report.night.summaries).toHaveLength(2)
    for (const { evidence } of report.night.summaries) expect(evidence).toBeGreaterThanOrEqual(3)
    expect(report.night.profile.descriptors.length).toBeGreaterThan(0)
    expect(report.night.before.join()).not.toContain("summary:")
    expect(report.night.after.join()).toContain("summary:")
    expect(again.night.report).toMatchObject({ textsRead: 0, writerCalls: 0, embeddingCalls: 0 })
  },
  demoMs,
)

test(
  "with nothing set it brings its own database, shows the way, and takes everything away again",
  async () => {
    const { code, stdout, stderr } = await run(["demo"])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toMatch(/345 webhooks of 65 event types[\s\S]*329 are real ones of GitHub/)
    expect(stdout).toMatch(/144 skipped/)
    expect(stdout).toMatch(/Ask: [\s\S]*https:\/\/github.com\//)
    expect(stderr).toMatch(/of 345 answered\n/)
    const [, around = ""] = stdout.split("Around ENG-142")
    expect(around.split("\n").filter((line) => /^[├└]─ /.test(line))).toEqual([
      expect.stringMatching(/← resolved by acme\/checkout#87 .*\(pull request, merged, since 2026-03-10\)$/),
      expect.stringMatching(/← implemented by acme\/checkout#87 /),
      expect.stringMatching(/written by → Mira Okafor /),
      expect.stringMatching(/assigned to → Jonas Lind /),
      expect.stringMatching(/← referred to by Post-mortem: checkout ran out of connections \(page, /),
      expect.stringMatching(/refers to → acme\/checkout#87 /),
      expect.stringMatching(/part of → Engineering \(team, /),
      expect.stringMatching(/← referred to by Checkout answers 502 to one request.* \(thread, resolved, /),
    ])
    expect(around).toMatch(/says issue ENG-142\n.*says pull request acme\/checkout#87\n/)
    const [, dataDir] = /Its data was in (\S+) and is removed/.exec(stderr) ?? []
    expect(dataDir).toBeDefined()
    expect(existsSync(dataDir!)).toBe(false)
  },
  demoMs,
)

test(
  "interrupted, it takes everything away as well",
  async () => {
    const demo = start(["demo"])
    let said = ""
    demo.process.stderr!.on("data", (chunk) => (said += chunk))
    await waitUntil("the demo posts", () => said.includes("answered"), demoMs)
    demo.process.kill("SIGINT")
    const { code, stdout } = await demo.ended
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" })
    const [, dataDir] = /sqlite-vec in (\S+)/.exec(said) ?? []
    expect(dataDir).toBeDefined()
    expect(existsSync(dataDir!)).toBe(false)
  },
  demoMs,
)

// biome-ignore lint/suspicious/noExplicitAny: payloads as they are, read without our schemas
type Raw = any

/** The things that the payloads speak of, found by other means than the source's: what a person would count. */
function distinctThings(): Set<string> {
  const events: { name: string; examples: Raw[] }[] = createRequire(import.meta.url)("@octokit/webhooks-examples")
  const things = new Set<string>()
  for (const { name, examples } of events) {
    for (const payload of examples) for (const thing of thingsOf(name, payload)) things.add(thing)
  }
  for (const { source, event, payload } of incident)
    for (const thing of toldThings(source, event, payload)) things.add(thing)
  return things
}

function toldThings(source: string, event: string, payload: Raw): string[] {
  if (source === "github") return thingsOf(event, payload)
  if (source === "notion") return [`page:${payload.entity.id}`]
  if (source === "linear") return [`issue:${event === "Issue" ? payload.data.id : payload.data.issueId}`]
  const { type, channel, thread_ts: thread, ts } = payload.event
  if (type === "message") return [`${channel}:${thread ?? ts}`]
  return type === "channel_created" ? [channel.id] : []
}

function thingsOf(event: string, payload: Raw): string[] {
  const repository = `repository:${payload.repository?.id}`
  const numbered = (thing: Raw): string[] => [`${repository}#${thing.number}`]
  const finders: Record<string, () => string[]> = {
    issues: () => numbered(payload.issue),
    issue_comment: () => numbered(payload.issue),
    pull_request: () => numbered(payload.pull_request),
    pull_request_review: () => numbered(payload.pull_request),
    pull_request_review_comment: () => numbered(payload.pull_request),
    pull_request_review_thread: () => numbered(payload.pull_request),
    discussion: () => {
      const { new_discussion: moved, new_repository: to } = payload.changes ?? {}
      const target = moved ? [`repository:${to.id}/discussion#${moved.number}`] : []
      return [`${repository}/discussion#${payload.discussion.number}`, ...target]
    },
    discussion_comment: () => [`${repository}/discussion#${payload.discussion.number}`],
    release: () => [`${repository}/release:${payload.release.id}`],
    milestone: () => [`${repository}/milestone:${payload.milestone.number}`],
    commit_comment: () => [`${repository}/commit:${payload.comment.commit_id}`],
    gollum: () => payload.pages.map((page: Raw) => `${repository}/wiki:${page.page_name}`),
    code_scanning_alert: () => [`${repository}/code-scanning:${payload.alert.number}`],
    dependabot_alert: () => [`${repository}/dependabot:${payload.alert.number}`],
    repository_vulnerability_alert: () => [`${repository}/vulnerability:${payload.alert.id}`],
    secret_scanning_alert: () => [`${repository}/secret-scanning:${payload.alert.number}`],
    security_advisory: () => [`advisory:${payload.security_advisory.ghsa_id}`],
    organization: () => [`organization:${payload.organization.id}`],
    team: () => [`organization:${payload.organization.id}/team:${payload.team.id}`],
  }
  return finders[event]?.() ?? []
}
