import { createHash } from "node:crypto"
import { bullet, heading, paragraph, text } from "../../packages/sources/test/fixtures/notion/blocks.ts"
import { linearPayloads } from "../examples.ts"
import { type LoadDelivery, loadSeed, makeLoad } from "./load.ts"
import { createRandom } from "./random.ts"
import { markdownOf, sentence, titleOf } from "./texts.ts"

export const mixedSources = ["github", "linear", "slack", "notion"] as const
export type MixedSource = (typeof mixedSources)[number]

export interface MixedDelivery extends LoadDelivery {
  readonly source: MixedSource
}

const stepMs = 61_000
const epochMs = Date.UTC(2025, 0, 1)
/** The same people in all four, known by their verified addresses where a source tells those. */
const people = 300
const channels = 40
const team = "T0BENCH001"

/**
 * `count` deliveries, each source's in turn: the GitHub load; Linear's issues, each opened and half of them commented on and
 * closed; Slack's messages, most of them alone and the rest in threads of four, and its users' profiles; Notion's pages as its
 * API answers with them, one in ten read twice. About as many documents a delivery as GitHub's. Deterministic.
 */
export function makeMixedLoad({ count = 5_000, seed = loadSeed } = {}): MixedDelivery[] {
  const github = makeLoad({ count: Math.ceil(count / mixedSources.length), seed })
  const make: { readonly [source in MixedSource]: (turn: number) => LoadDelivery } = {
    github: (turn) => github[turn]!,
    linear: (turn) => linearDelivery(seed, turn),
    slack: (turn) => slackDelivery(seed, turn),
    notion: (turn) => notionDelivery(seed, turn),
  }
  return Array.from({ length: count }, (_, at) => {
    const source = mixedSources[at % mixedSources.length]!
    return { source, ...make[source](Math.floor(at / mixedSources.length)) }
  })
}

const recorded = (name: string) =>
  structuredClone(linearPayloads.find(({ key }) => key === `linear-${name}.json`)!.payload)
const templates = {
  opened: recorded("issue-create") as Issue,
  closed: recorded("issue-update-completed") as Issue,
  commented: recorded("comment-create") as Commented,
}
interface Issue {
  readonly data: { readonly [name: string]: unknown }
}
interface Commented extends Issue {
  readonly data: Issue["data"] & { readonly issue: object }
}

/** What became of issue 2n and 2n+1, in five deliveries: both opened, the first commented on, closed, commented on again. */
const lives = [
  { issue: 0, what: "opened" },
  { issue: 1, what: "opened" },
  { issue: 0, what: "commented" },
  { issue: 0, what: "closed" },
  { issue: 1, what: "commented" },
] as const

function linearDelivery(seed: string, turn: number): LoadDelivery {
  const { issue, what } = lives[turn % lives.length]!
  const number = 2 * Math.floor(turn / lives.length) + issue + 1
  const key = `${seed} linear ${number}`
  const at = timeOf(turn)
  const createdAt = timeOf(5 * Math.floor((number - 1) / 2) + issue)
  const id = uuid(key)
  const identifier = `ENG-${number}`
  const url = `https://linear.app/acme/issue/${identifier}/bench`
  const person = linearPerson(personOf(`${key} ${what}`))
  const said = { id, identifier, url, title: titleOf(key) }
  const data =
    what === "commented"
      ? {
          ...templates.commented.data,
          id: uuid(`${key} ${turn}`),
          createdAt: at,
          updatedAt: at,
          body: markdownOf(`${key} ${turn}`, sizeOf(73, `${key} ${turn}`)),
          issueId: id,
          issue: { ...templates.commented.data.issue, ...said },
          user: person,
          userId: person.id,
        }
      : {
          ...templates[what].data,
          ...said,
          number,
          createdAt,
          updatedAt: at,
          description: markdownOf(key, sizeOf(220, key)),
          creator: linearPerson(personOf(`${key} opened`)),
          creatorId: linearPerson(personOf(`${key} opened`)).id,
          ...(what === "closed" && { assignee: person, assigneeId: person.id, completedAt: at }),
        }
  const type = what === "commented" ? "Comment" : "Issue"
  const payload = { ...templates[what], actor: { ...person, type: "user" }, createdAt: at, data, url }
  return { key: uuid(`delivery ${key} ${turn}`), event: type, body: Buffer.from(JSON.stringify(payload)) }
}

const linearPerson = (person: number) => ({
  id: uuid(`linear person ${person}`),
  name: nameOf(person),
  email: addressOf(person),
  url: `https://linear.app/acme/profiles/person-${person}`,
  avatarUrl: null,
})

/** One in twenty is a profile; of ten messages six stand alone and four are a thread. */
function slackDelivery(seed: string, turn: number): LoadDelivery {
  const key = `${seed} slack ${turn}`
  const at = epochMs + 4 * turn * stepMs
  const ts = slackTime(turn)
  const envelope = {
    type: "event_callback",
    team_id: team,
    event_id: `EvBENCH${turn}`,
    event_time: Math.floor(at / 1_000),
  }
  const event = turn % 20 === 0 ? profile((turn / 20) % people, at) : messageEvent(key, turn, ts)
  return { key: envelope.event_id, event: event.type, body: Buffer.from(JSON.stringify({ ...envelope, event })) }
}

const slackTime = (turn: number): string => `${Math.floor((epochMs + 4 * turn * stepMs) / 1_000)}.000100`
const slackUser = (person: number): string => `U0P${String(person).padStart(6, "0")}`

function messageEvent(key: string, turn: number, ts: string) {
  const within = turn % 10
  const random = createRandom(key)
  const channel = `C0BENCH${String(Math.floor(turn / 10) % channels).padStart(3, "0")}`
  const sentences = Array.from({ length: 1 + random.below(5) }, () => sentence(random))
  const mention = random.below(4) === 0 ? `<@${slackUser(random.below(people))}> ` : ""
  const issue = random.below(4) === 0 ? ` See ENG-${1 + random.below(400)}.` : ""
  return {
    type: "message",
    user: slackUser(random.below(people)),
    text: `${mention}${titleOf(key)}. ${sentences.join(" ")}${issue}`,
    ts,
    ...(within >= 6 && { thread_ts: slackTime(turn - within + 6) }),
    channel,
    channel_type: "channel",
    event_ts: ts,
  }
}

const profile = (person: number, at: number) => ({
  type: "user_change",
  user: {
    id: slackUser(person),
    team_id: team,
    name: `person-${person}`,
    real_name: nameOf(person),
    is_bot: false,
    is_email_confirmed: true,
    deleted: false,
    updated: Math.floor(at / 1_000),
    profile: { real_name: nameOf(person), display_name: `person-${person}`, email: addressOf(person) },
  },
  event_ts: `${Math.floor(at / 1_000)}.000200`,
})

/** Pages of some 40 blocks, of ten things said. */
function notionDelivery(seed: string, turn: number): LoadDelivery {
  const page = turn % 10 === 9 ? turn - 1 : turn
  const key = `${seed} notion ${page}`
  const random = createRandom(key)
  const section = (n: number) => [
    heading(2, titleOf(`${key} ${n}`)),
    paragraph(text(`${sentence(random)} ${sentence(random)}${n === 0 ? ` See ENG-${1 + random.below(400)}.` : ""}`)),
    bullet(sentence(random)),
    bullet(sentence(random)),
  ]
  const blocks = Array.from({ length: 10 }, (_, n) => section(n)).flat()
  const author = { object: "user", id: uuid(`notion person ${personOf(key)}`) }
  const at = timeOf(turn)
  const id = uuid(key)
  const read = {
    object: "page",
    id,
    created_time: timeOf(page),
    last_edited_time: at,
    created_by: author,
    last_edited_by: author,
    in_trash: false,
    archived: false,
    is_locked: false,
    url: `https://www.notion.so/${id.replaceAll("-", "")}`,
    parent: { type: "workspace", workspace: true },
    properties: { Name: { id: "title", type: "title", title: [text(titleOf(key))] } },
  }
  const users = [
    {
      ...author,
      type: "person",
      name: nameOf(personOf(key)),
      avatar_url: null,
      person: { email: addressOf(personOf(key)) },
    },
  ]
  const payload = {
    id: uuid(`delivery ${key} ${turn}`),
    type: "page.fetched",
    as_of: at,
    entity: { id, type: "page" },
    data: { page: read, blocks, cut: null, comments: [], places: [], users },
  }
  return { key: payload.id, event: payload.type, body: Buffer.from(JSON.stringify(payload)) }
}

const timeOf = (turn: number): string => new Date(epochMs + 4 * turn * stepMs).toISOString()
const personOf = (key: string): number => createRandom(`person ${key}`).below(people)
const nameOf = (person: number): string => `Person ${person.toString(36)} Benchson`
const addressOf = (person: number): string => `person-${person}@bench.example`

/** From a fifth of the usual length to three times it, mostly short, as the GitHub load has it. */
const sizeOf = (usual: number, key: string): number =>
  Math.round(usual * (0.2 + 2.8 * (createRandom(`size ${key}`).below(1_000) / 1_000) ** 3))

function uuid(key: string): string {
  const hex = createHash("sha256").update(key).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
