import type { GraphReader, Neighbourhood } from "@engram/contracts/neighbourhood"
import type { Cache } from "@engram/contracts/ports"
import * as ids from "@engram/core/ids"
import { createLruCache } from "@engram/lru/lru-cache"
import { type NeighbourhoodDeps, neighbourhood } from "@engram/pipeline/neighbourhood"
import { createGraphIndex } from "@engram/store/graph-index"
import { afterEach, beforeEach, expect, test } from "vitest"
import { comment, issue } from "../payloads.ts"
import { createWorkbench, type Payload, type Workbench } from "../workbench.ts"

const everything: GraphReader = { workspaceId: "acme", storeId: "all", scopeIds: "all" }
const repositoryId = 186853002
const slack = "https://acme.slack.com/archives/C024BE91L/p1355517523000005"
const linear = "https://linear.app/acme/issue/ENG-12/slow-login"

let cache: Cache & { readonly held: Map<string, string> }
let bench: Workbench
beforeEach(async () => {
  cache = watched()
  bench = await createWorkbench({ cache })
})
afterEach(() => bench.close())

/** A cache whose keys can be looked at. */
function watched(): typeof cache {
  const held = new Map<string, string>()
  return {
    held,
    get: async (key) => held.get(key),
    set: async (entries) => {
      for (const { key, value } of entries) held.set(key, value)
    },
    remove: async (keys) => {
      for (const key of keys) held.delete(key)
    },
    clear: async () => 0,
    check: async () => {},
  }
}

const take = async (...payloads: Payload[]) => {
  await bench.accept(payloads)
  await bench.drain()
}
const depsOf = (using: Cache = cache): NeighbourhoodDeps => ({ graph: createGraphIndex(bench.database), cache: using })

async function around(type: string, value: string, options: Partial<Options> = {}): Promise<Neighbourhood> {
  const { reader = everything, hops = 1, max = 50, using = cache } = options
  const deps = depsOf(using)
  const [id] = await deps.graph.find("acme", { aliases: [{ type, value }], ids: [], urls: [] })
  const found = id && (await neighbourhood(deps)(reader, id, { hops, neighboursMax: max }))
  if (!found) throw new Error(`there is no ${type} ${value}`)
  return found
}
interface Options {
  readonly reader: GraphReader
  readonly hops: number
  readonly max: number
  readonly using: Cache
}

const spoken = ({ nodes, edges }: Neighbourhood) => {
  const name = (id: string) => nodes.find((node) => node.id === id)?.name
  return edges.map(({ from, type, to }) => `${name(from)} ${type} ${name(to)}`)
}
const thing = (number: number) => ["github:thing", `${repositoryId}#${number}`] as const
const slow = issue({ number: 50, title: "Login is slow", body: `Blocked by #51, see ${linear} and ${slack}` })
const small = issue({ number: 51, title: "The cache is small", body: `As in ${slack}` })

test("shows edges of both directions with their evidence, to what is there and to what has yet to come", async () => {
  await take(slow, small)
  const found = await around(...thing(51))
  expect(spoken(found)).toEqual([
    "codertocat/hello-world#50 BLOCKED_BY codertocat/hello-world#51",
    "codertocat/hello-world#51 AUTHORED_BY Codertocat",
    "codertocat/hello-world#51 ASSIGNED_TO Codertocat",
    "codertocat/hello-world#51 REFERENCES C024BE91L:1355517523.000005",
    "codertocat/hello-world#51 PART_OF Codertocat/Hello-World",
    "codertocat/hello-world#51 PART_OF v1.0",
  ])
  expect(found.nodes[0]).toMatchObject({ kind: "issue", title: "The cache is small", state: "open", seen: true })
  expect(found.nodes.find(({ name }) => name.startsWith("C024"))).toMatchObject({ kind: "message", seen: false })
  expect(found.edges[0]).toMatchObject({ confidence: 0.85, until: null, detectedBy: "rule", evidenceCount: 1 })
  expect(found.edges[0]!.evidence).toEqual([
    expect.objectContaining({ source: "github", kind: "issue", title: "Login is slow", confidence: 0.85, until: null }),
  ])
  // What only others name has a neighbourhood too.
  expect(spoken(await around("slack:message", "C024BE91L:1355517523.000005"))).toHaveLength(2)
})

test("goes as many hops as asked, and no neighbour is there twice however many names it has", async () => {
  const mention = comment({
    number: 50,
    id: 7,
    title: "Login is slow",
    body: `Blocked by #51, see ${linear}`,
    text: "cc @codertocat",
    minute: 1,
  })
  await take(slow, small, mention)
  const near = await around("linear:issue_key", "ENG-12")
  expect(spoken(near)).toEqual(["codertocat/hello-world#50 REFERENCES ENG-12"])
  const [one, two, three] = await Promise.all([1, 2, 3].map((hops) => around(...thing(50), { hops })))
  expect(one!.nodes.length).toBeLessThan(two!.nodes.length)
  expect(two!.nodes.length).toBeLessThanOrEqual(three!.nodes.length)
  for (const { nodes, edges } of [one!, two!, three!]) {
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length)
    expect(new Set(edges.map(({ from, type, to }) => `${from} ${type} ${to}`)).size).toBe(edges.length)
    // The numeric account and the login are one.
    expect(nodes.filter(({ name }) => name === "Codertocat")).toHaveLength(1)
  }
})

test("an edge that ended says until when, and one that nothing says any longer is gone", async () => {
  await take(slow)
  await take(issue({ number: 50, action: "edited", title: "Login is slow", body: "No more.", minute: 3 }))
  expect(spoken(await around(...thing(50)))).not.toContain("codertocat/hello-world#50 REFERENCES ENG-12")
  const payload = issue({ number: 50, action: "unassigned", title: "Login is slow", body: "No more.", minute: 5 })
  const raw = payload.payload as { issue: { assignees: unknown[] } }
  raw.issue.assignees = []
  await take(payload)
  const assigned = (await around(...thing(50))).edges.find(({ type }) => type === "ASSIGNED_TO")
  expect(assigned?.until).toBe("2024-01-01T00:05:00.000Z")
})

test("what is cut is cut in one order, says so, and leaves room for every kind of edge", async () => {
  await take(...Array.from({ length: 12 }, (_, i) => issue({ number: 60 + i, body: `see ${linear}`, minute: i })))
  const all = spoken(await around("github:login", "codertocat", { max: 200 }))
  const few = await around("github:login", "codertocat", { max: 4 })
  expect(few.cut).toEqual([few.nodes[0]!.id])
  expect(few.nodes).toHaveLength(5)
  expect(spoken(few).every((edge) => all.includes(edge))).toBe(true)
  expect(new Set(few.edges.map(({ type }) => type))).toEqual(new Set(["AUTHORED_BY", "ASSIGNED_TO"]))
  for (let again = 0; again < 3; again++)
    expect(await around("github:login", "codertocat", { max: 4, using: watched() })).toEqual(few)
})

test("evidence of a private scope shows to those who were granted it, from that moment, whatever a cache holds", async () => {
  await take(slow, small)
  const scope = ids.scopeId("acme", "github", `repository:${repositoryId}`)
  const stranger: GraphReader = { workspaceId: "acme", storeId: bench.lane.storeId, scopeIds: [] }
  const granted: GraphReader = { ...stranger, scopeIds: [scope] }
  const edges = async (reader: GraphReader) => spoken(await around("linear:issue_key", "ENG-12", { reader }))
  expect(await edges(stranger)).toHaveLength(1)

  await bench.rows("update scopes set privacy = 'private' where id = $1", [scope])
  expect(await edges(stranger)).toEqual([])
  expect(await edges(granted)).toHaveLength(1)
  expect(await edges(everything)).toHaveLength(1)
  // Its cached list is the same for all, and tells no stranger what stands at its other end.
  expect([...cache.held.keys()]).toContain("graph:in:acme:linear:issue_key:ENG-12")
  expect(await edges(stranger)).toEqual([])
  // A name with too many edges to cache is read for each reader by itself.
  const { graph } = depsOf()
  const asked = [
    { aliasId: ids.aliasId("acme", { type: "linear:issue_key", value: "ENG-12" }), direction: "in" as const },
  ]
  const readBy = async (reader: GraphReader) => (await graph.edges("acme", asked, 500, reader))[0]!.edges.length
  expect([await readBy(stranger), await readBy(granted), await readBy(everything)]).toEqual([0, 1, 1])
  const [hidden] = (await around(...thing(50), { reader: stranger })).nodes
  expect(hidden).toMatchObject({ title: null, url: null, documentId: null })
  expect((await around(...thing(50), { reader: granted })).nodes[0]).toMatchObject({ title: "Login is slow" })
})

test("what a scope held that is gone is no evidence and no node's document, whoever looks", async () => {
  await take(slow, small)
  await bench.rows("update scopes set live = false where key = $1", [`repository:${repositoryId}`])
  const stranger: GraphReader = { workspaceId: "acme", storeId: bench.lane.storeId, scopeIds: [] }
  const granted = { ...stranger, scopeIds: [ids.scopeId("acme", "github", `repository:${repositoryId}`)] }
  for (const reader of [stranger, granted, everything]) {
    const found = await around(...thing(51), { reader })
    expect(found.edges).toEqual([])
    expect(found.nodes).toEqual([expect.objectContaining({ state: null, documentId: null })])
  }
})

test("evidence of another store is none for a key of this one", async () => {
  const other = await bench.addStore("acme", "other")
  await bench.accept([slow], other)
  await bench.drain(other)
  await take(small)
  const here: GraphReader = { workspaceId: "acme", storeId: bench.lane.storeId, scopeIds: [] }
  expect(spoken(await around("linear:issue_key", "ENG-12", { reader: here }))).toEqual([])
  expect(
    spoken(await around("linear:issue_key", "ENG-12", { reader: { ...here, storeId: other.storeId } })),
  ).toHaveLength(1)
})

test("a cache that is away, or forgot to forget, changes no answer", async () => {
  await take(slow)
  const away: Cache = {
    get: async () => undefined,
    set: async () => {},
    remove: async () => {},
    clear: async () => 0,
    check: async () => {},
  }
  const before = await around(...thing(50), { hops: 2 })
  expect(await around(...thing(50), { hops: 2, using: away })).toEqual(before)
  expect(await around(...thing(50), { hops: 2 })).toEqual(before)

  const stale = new Map(cache.held)
  await take(small, issue({ number: 50, action: "edited", title: "Login is slow", body: "Blocked by #52", minute: 2 }))
  expect([...stale.keys()].some((key) => !cache.held.has(key))).toBe(true)
  for (const [key, value] of stale) cache.held.set(key, value)
  const after = await around(...thing(50), { hops: 2 })
  expect(after).toEqual(await around(...thing(50), { hops: 2, using: away }))
  expect(spoken(after)).toContain("codertocat/hello-world#50 BLOCKED_BY 186853002#52")
  for (const key of cache.held.keys()) cache.held.set(key, '{"stamp":1,"edges":7')
  expect(await around(...thing(50), { hops: 2 })).toEqual(after)
})

test("a cached list spares reading it again", async () => {
  await take(slow)
  const lru = createLruCache()
  const graph = createGraphIndex(bench.database)
  let read = 0
  const counting: typeof graph = {
    ...graph,
    edges: (...asked) => {
      read++
      return graph.edges(...asked)
    },
  }
  const [id] = await graph.find("acme", { aliases: [{ type: "linear:issue_key", value: "ENG-12" }], ids: [], urls: [] })
  const ask = () => neighbourhood({ graph: counting, cache: lru })(everything, id!, { hops: 2, neighboursMax: 20 })
  const first = await ask()
  const once = read
  expect(await ask()).toEqual(first)
  expect(read).toBe(once)
})

test("owners come with the file that names them, and go with one that no longer does", async () => {
  const repository = { id: repositoryId, full_name: "Codertocat/Hello-World", default_branch: "master" }
  const owners = (content: string, day: number): Payload => ({
    key: `codeowners-${day}`,
    event: "codeowners",
    payload: { repository, ref: "master", path: "CODEOWNERS", content, sha: `${day}`, at: `2024-01-0${day}T00:00:00Z` },
  })
  // The newer state first: the older one must not bring its owners back.
  await take(owners("* @codertocat\n/packages/api/ @acme/api", 2), owners("/packages/api/ @octocat @acme/api", 1))
  const found = await around("github:component", `${repositoryId}:packages/api`)
  expect(found.nodes[0]).toMatchObject({ kind: "component", name: "packages/api" })
  const ended = found.edges.map((edge) => `${spoken({ ...found, edges: [edge] })} ${edge.until}`)
  expect(ended).toEqual([
    "packages/api OWNED_BY acme/api null",
    "packages/api PART_OF Codertocat/Hello-World null",
    "packages/api OWNED_BY octocat 2024-01-02T00:00:00.000Z",
  ])
})
