import { expect, test } from "vitest"
import { createWorkbench, type Payload, type Workbench } from "../workbench.ts"

/** What GitHub told, in the order in which it happened and was received; a minute lies between two. */
type Story = readonly { readonly event: string; readonly payload: (at: string) => object }[]

const start = Date.UTC(2026, 0, 1)
const iso = (ms: number) => new Date(ms).toISOString()
const future = "2099-01-01T00:00:00Z"
const numbers = [1, 2, 3, 4, 5, 6, 7, 8]
const organization = { id: 1, login: "acme" }
const admin = { id: 99, login: "admin", type: "User" }
const still = { updated_at: "2025-12-01T00:00:00Z", pushed_at: "2025-12-01T00:00:00Z" }
const repository = (times: object = still) => ({ id: 5, full_name: "acme/app", default_branch: "main", ...times })

/** What is so in the end: the same whether the stories' deliveries are read in their order, or backwards and twice. */
async function inTheEnd<Answer>(stories: readonly Story[], ask: (bench: Workbench) => Promise<Answer>) {
  const told = stories.flatMap((story, n) =>
    story.map(({ event, payload }, step): Payload => {
      const receivedAt = start + (step * 100 + n) * 60_000
      return { key: `${n}-${step}`, event, payload: payload(iso(receivedAt)), receivedAt }
    }),
  )
  const again = told.map((each) => ({ ...each, key: `${each.key}-again` }))
  const answers: Answer[] = []
  for (const order of [told, [...told.toReversed(), ...again]]) {
    const bench = await createWorkbench()
    try {
      for (const one of [order.filter((_, i) => i % 2 === 0), order.filter((_, i) => i % 2 === 1)]) {
        await bench.accept(one)
        await bench.drain()
      }
      answers.push(await ask(bench))
    } finally {
      await bench.close()
    }
  }
  expect(answers[1]).toEqual(answers[0])
  return answers[0]!
}

/** Who goes by each alias of a type: that entity's own value. */
const goesBy = (type: string, own: string) => async (bench: Workbench) => {
  const rows = await bench.rows<{ name: string; id: string }>(
    `select a.value as name, b.value as id from entity_aliases a join entity_aliases b on b.entity_id = a.entity_id
     where a.alias_type = $1 and b.alias_type = $2 order by b.value::bigint`,
    [type, own],
  )
  return rows.map(({ name, id }) => [name, id] as const)
}
/** How entities are called, by the value of their own alias. */
const called = (own: string) => async (bench: Workbench) => {
  const rows = await bench.rows<{ name: string; id: string }>(
    `select a.value as id, coalesce(e.state->'fields'->'handle'->>'value', e.state->'fields'->'name'->>'value') as name
     from entities e join entity_aliases a on a.entity_id = e.id where a.alias_type = $1 order by a.value::bigint`,
    [own],
  )
  return rows.map(({ name, id }) => [name, id] as const)
}
const texts = async (bench: Workbench) => {
  const rows = await bench.rows<{ text: string }>(
    `select c.text from knowledge_chunks c join knowledge_documents d on d.id = c.document_id
     where d.live and c.version_to is null order by d.source_id`,
  )
  return rows.map(({ text }) => text)
}

test("a commit of the future freezes neither the pusher's handle nor who goes by the login", async () => {
  const commit = { id: "c".repeat(40), message: "Look ahead", timestamp: future }
  const published = (sender: object) => ({
    event: "public",
    payload: (at: string) => ({ repository: repository({ updated_at: at }), sender }),
  })
  const stories = numbers.map((n): Story => {
    const renamed = { id: 1_000 + n, login: `new-${n}`, type: "User" }
    const other = { id: 2_000 + n, login: `mona-${n}`, type: "User" }
    const sender = { ...renamed, login: `mona-${n}` }
    const push = (at: string) => ({
      ref: "refs/heads/main",
      commits: [commit],
      head_commit: commit,
      repository: repository({ updated_at: at, pushed_at: at }),
      sender,
    })
    return [{ event: "push", payload: push }, published(renamed), published(other)]
  })
  const ends = [
    ...numbers.map((n) => [`new-${n}`, String(1_000 + n)]),
    ...numbers.map((n) => [`mona-${n}`, String(2_000 + n)]),
  ]
  const [aliases, handles, moments] = await inTheEnd(stories, async (bench) => [
    await goesBy("github:login", "github:user")(bench),
    await called("github:user")(bench),
    await bench.rows("select distinct occurred_at from memory_observations where live and kind = 'pushed'"),
  ])
  expect(aliases).toEqual(ends)
  expect(handles).toEqual(ends)
  expect(moments).toEqual([{ occurred_at: new Date(future) }])
}, 60_000)

test("the last text of a release stands, whatever time its commit has", async () => {
  const kinds = [{ published_at: "2025-12-01T00:00:00Z" }, { published_at: null, draft: true }, "dated"] as const
  const stories = kinds.flatMap((kind, k) =>
    numbers.map((n): Story => {
      const told = (action: string, body: string) => ({
        event: "release",
        payload: (at: string) => ({
          action,
          release: {
            id: 100 * (k + 1) + n,
            tag_name: `v${k}.${n}`,
            created_at: future,
            ...(kind === "dated" ? { updated_at: at, published_at: "2025-12-01T00:00:00Z" } : kind),
            body,
          },
          repository: repository(),
          sender: admin,
        }),
      })
      const last = `The last notes of ${k}-${n}.`
      return [told("created", `Notes of ${k}-${n}.`), told("edited", `More notes of ${k}-${n}.`), told("edited", last)]
    }),
  )
  const ends = await inTheEnd(stories, texts)
  expect(ends).toEqual(
    kinds.flatMap((_, k) => numbers.map((n) => expect.stringContaining(`The last notes of ${k}-${n}.`))),
  )
}, 60_000)

test("a team's name is that of whoever took it last, also when it was another team's", async () => {
  const stories = numbers.map((n): Story => {
    const told = (event: string, action: string, id: number, name: string) => ({
      event,
      payload: () => {
        const team = { id, name: `Team ${name}`, slug: name }
        return { action, organization, team, sender: admin, ...(event === "membership" && { member: admin }) }
      },
    })
    const [first, second] = [1_000 + n, 2_000 + n]
    return [
      told("team", "created", first, `core-${n}`),
      told("membership", "added", first, `core-${n}`),
      told("team", "created", second, `new-${n}`),
      told("team", "edited", first, `platform-${n}`),
      told("team", "edited", second, `core-${n}`),
      told("membership", "removed", first, `platform-${n}`),
    ]
  })
  const [aliases, names] = await inTheEnd(stories, async (bench) => [
    (await goesBy("github:team_name", "github:team")(bench)).filter(([name]) => !name.startsWith("acme/new-")),
    await called("github:team")(bench),
  ])
  const ends = [
    ...numbers.map((n) => [`platform-${n}`, String(1_000 + n)]),
    ...numbers.map((n) => [`core-${n}`, String(2_000 + n)]),
  ]
  expect(aliases).toEqual(ends.map(([name, id]) => [`acme/${name}`, id]))
  expect(names).toEqual(ends.map(([name, id]) => [`Team ${name}`, id]))
}, 60_000)

test("an organization goes by the login that it has taken last, also when it was another's", async () => {
  const stories = numbers.map((n): Story => {
    const renamed = (id: number, login: string) => ({
      event: "organization",
      payload: () => ({ action: "renamed", organization: { id, login }, sender: admin }),
    })
    const [first, second] = [1_000 + n, 2_000 + n]
    return [renamed(first, `core-${n}`), renamed(first, `platform-${n}`), renamed(second, `core-${n}`)]
  })
  const [aliases, scopes] = await inTheEnd(stories, async (bench) => [
    await goesBy("github:organization_login", "github:organization")(bench),
    await bench.rows<{ key: string; name: string }>("select key, name from scopes order by key"),
  ])
  const ends = [
    ...numbers.map((n) => [`platform-${n}`, String(1_000 + n)]),
    ...numbers.map((n) => [`core-${n}`, String(2_000 + n)]),
  ]
  expect(aliases).toEqual(ends)
  expect(scopes).toEqual(ends.map(([name, id]) => ({ key: `organization:${id}`, name })))
}, 60_000)

test("a label goes by its last name, and a wiki page by its last title, where their repository's time stands still", async () => {
  const stories = numbers.flatMap((n): Story[] => {
    const label = (action: string, name: string) => ({
      event: "label",
      payload: () => ({ action, label: { id: n, name, color: "f29513" }, repository: repository(), sender: admin }),
    })
    const page = (action: string, title: string) => ({
      event: "gollum",
      payload: () => ({
        pages: [{ page_name: `Page-${n}`, title, summary: null, action }],
        repository: repository(),
        sender: admin,
      }),
    })
    return [
      [label("created", `bug-${n}`), label("edited", `fault-${n}`), label("edited", `defect-${n}`)],
      [page("created", `Draft ${n}`), page("edited", `Plan ${n}`), page("edited", `Guide ${n}`)],
    ]
  })
  const [labels, pages] = await inTheEnd(stories, async (bench) => [
    await called("github:label")(bench),
    await bench.rows("select title from knowledge_documents where live order by source_id"),
  ])
  expect(labels).toEqual(numbers.map((n) => [`defect-${n}`, String(n)]))
  expect(pages).toEqual(numbers.map((n) => ({ title: `Guide ${n}` })))
}, 60_000)
