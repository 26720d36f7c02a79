import type { AliasRef } from "@engram/contracts/graph"
import {
  advisoryAlias,
  commitAlias,
  refAlias,
  repositoryNameAlias,
  shortCommitAlias,
  teamNameAlias,
  thingAlias,
} from "../github/names.ts"

/** The GitHub repository that a text lives in: what a bare `#12` means there, and which addresses are its host's. */
export interface Repository {
  readonly repositoryId: string
  readonly fullName: string
  /** `https://github.com`, or the enterprise server's. */
  readonly origin: string
}

/** The parts of an address that say what it shows. `host` is lower case and has its port. */
interface Address {
  readonly host: string
  readonly path: readonly string[]
  readonly query: string
}

/**
 * What an address of GitHub, Linear, Slack or Notion shows; undefined for every other address. Without a repository
 * GitHub is github.com. Linear in the address.
 */
export function shownAt(address: string, repository?: Repository): AliasRef | undefined {
  const at = parse(address)
  if (at === undefined) return undefined
  const github = repository ? hostOf(repository.origin) : "github.com"
  if (at.host === github || at.host === `www.${github}`) return onGithub(at.path, repository)
  if (at.host === "linear.app") return onLinear(at.path)
  if (at.host.endsWith(".slack.com")) return onSlack(at)
  if (notionHosts.has(at.host) || at.host.endsWith(".notion.site")) return onNotion(at)
  return undefined
}

const addressForm = /^https?:\/\/([^/?#@\s]+)(\/[^?#]*)?(?:\?([^#]*))?(?:#|$)/i

function parse(address: string): Address | undefined {
  const [, host, path = "", query = ""] = addressForm.exec(address.replace(/[.,;:!?*_~]{1,8}$/, "")) ?? []
  if (host === undefined) return undefined
  return { host: host.toLowerCase(), path: path.split("/", 9).slice(1), query }
}

const hostOf = (origin: string) => origin.replace(/^https?:\/\//i, "").toLowerCase()

const parameter = (query: string, name: string) =>
  query
    .split("&", 20)
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)

const owner = /^[\w-]{1,39}$/
const repositoryName = /^[\w.-]{1,100}$/
const number = /^([1-9]\d{0,8})(?!\w)/
const ghsa = /^GHSA(?:-[2-9cfghjmpqrvwx]{4}){3}$/i
const wholeSha = /^[0-9a-f]{40}(?!\w)/i
const shortSha = /^[0-9a-f]{7,39}(?!\w)/i
const numbered = new Set(["issues", "pull", "discussions"])
/** Pages that show a repository as such, or a place in it. */
const views = new Set(["", "tree", "blob", "releases", "wiki"])
/** First segments of github.com that are nobody's name. */
const reserved = new Set(
  (
    "about account advisories apps blog codespaces collections contact copilot customer-stories dashboard enterprise events explore " +
    "features gist github-copilot issues join login marketplace new notifications organizations orgs pricing pulls " +
    "search security sessions settings site sponsors stars team topics trending users"
  ).split(" "),
)

function onGithub(path: readonly string[], repository: Repository | undefined): AliasRef | undefined {
  const [first = "", second = "", kind = "", id = ""] = path
  if (reserved.has(first.toLowerCase())) return besideRepositories(path)
  if (!owner.test(first) || !repositoryName.test(second)) return undefined
  const slug = `${first}/${second}`
  const own = repository?.fullName.toLowerCase() === slug.toLowerCase() ? repository : undefined
  if (numbered.has(kind)) {
    const digits = number.exec(id)?.[1]
    if (digits === undefined) return undefined
    return own ? thingAlias(own.repositoryId, digits) : refAlias(slug, digits)
  }
  if (kind === "commit") return commitOf(id, own)
  if (kind === "security") return advisoryOf(path[4])
  return views.has(kind) && !own ? repositoryNameAlias(slug.replace(/\.git$/i, "")) : undefined
}

function besideRepositories([first, second = "", kind, id = ""]: readonly string[]): AliasRef | undefined {
  if (first === "advisories") return advisoryOf(second)
  return first === "orgs" && kind === "teams" && owner.test(second) && owner.test(id)
    ? teamNameAlias(second, id)
    : undefined
}

const advisoryOf = (id = "") => (ghsa.test(id) ? advisoryAlias(id) : undefined)

function commitOf(id: string, own: Repository | undefined): AliasRef | undefined {
  if (wholeSha.test(id)) return commitAlias(id.slice(0, 40))
  const short = shortSha.exec(id)?.[0]
  return own && short ? shortCommitAlias(own.repositoryId, short) : undefined
}

export const issueKeyAlias = (team: string, digits: string): AliasRef => ({
  type: "linear:issue_key",
  value: `${team.toUpperCase()}-${digits}`,
})
export const teamKeyAlias = (team: string): AliasRef => ({ type: "linear:team_key", value: team.toUpperCase() })

const issueKey = /^([a-z][a-z\d]{0,9})-([1-9]\d{0,5})$/i
const slugged = new Set(["project", "document", "initiative"])

/** `/{workspace}/issue/ENG-123/title`, `/{workspace}/project/title-1a2b3c4d5e6f/overview`, `/{workspace}/team/ENG/cycle/4`. */
function onLinear([, kind = "", id = ""]: readonly string[]): AliasRef | undefined {
  if (kind === "issue") {
    const [, team, digits] = issueKey.exec(id) ?? []
    return team && digits ? issueKeyAlias(team, digits) : undefined
  }
  if (kind === "team") return /^[a-z][a-z\d]{0,9}$/i.test(id) ? teamKeyAlias(id) : undefined
  if (!slugged.has(kind)) return undefined
  const slugId = /(?:^|-)([0-9a-f]{8,32})$/i.exec(id.slice(-64))?.[1]
  return slugId ? { type: `linear:${kind}_slug`, value: slugId.toLowerCase() } : undefined
}

const channel = /^[CDG][A-Z\d]{6,12}$/
const timestamp = /^(\d{10})\.(\d{6})$/

/** A message, or the thread it stands in: a thread is one document, named by its first message. */
function onSlack({ host, path, query }: Address): AliasRef | undefined {
  const [first, second = "", third = "", fourth = ""] = path
  if (host === "app.slack.com") {
    if (first !== "client" || !channel.test(third)) return undefined
    return slackThing(third, fourth)
  }
  if (first !== "archives" || !channel.test(second)) return undefined
  const thread = parameter(query, "thread_ts")
  if (thread && timestamp.test(thread)) {
    const cid = parameter(query, "cid") ?? second
    return slackMessage(channel.test(cid) ? cid : second, thread)
  }
  return slackThing(second, third)
}

function slackThing(id: string, message: string): AliasRef {
  const [, seconds, micros] = /^p(\d{10})(\d{6})$/.exec(message) ?? []
  return seconds ? slackMessage(id, `${seconds}.${micros}`) : { type: "slack:channel", value: id }
}

const slackMessage = (id: string, ts: string): AliasRef => ({ type: "slack:message", value: `${id}:${ts}` })

const notionHosts = new Set(["notion.so", "www.notion.so", "notion.com", "www.notion.com", "app.notion.com"])
const hex32 = /(?:^|-)([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i

/** A page beside its database (`?p=`) is the page; an address with a view (`?v=`) is the database. */
function onNotion({ path, query }: Address): AliasRef | undefined {
  const peeked = notionId(parameter(query, "p") ?? "")
  if (peeked) return { type: "notion:page", value: peeked }
  const id = notionId(path.findLast((segment) => segment !== "") ?? "")
  if (id === undefined) return undefined
  return { type: parameter(query, "v") ? "notion:database" : "notion:page", value: id }
}

function notionId(text: string): string | undefined {
  const found = hex32.exec(text.slice(-64))
  return found?.slice(1).join("-").toLowerCase()
}
