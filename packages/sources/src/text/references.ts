import type { AliasRef, Link, RelationshipType } from "@engram/contracts/graph"
import { advisoryAlias, commitAlias, loginAlias, refAlias, shortCommitAlias, thingAlias } from "../github/names.ts"
import { issueKeyAlias, type Repository, shownAt, teamKeyAlias } from "./addresses.ts"
import { maskCode } from "./mask.ts"
import { isConjunction, isCounted, namesCommit, phraseMaxChars, saidOf } from "./phrases.ts"

/** Whose text it is. Nothing of it has to be known. */
export interface TextPlace {
  /** Whether closing words close: in pull requests and commits. Elsewhere they only refer. */
  readonly closes?: boolean
  /** The names of the document itself, which is not among its references. */
  readonly self?: readonly AliasRef[]
  /** Where `#12`, `@login` and abbreviated commits mean something. */
  readonly repository?: Repository
}

export type Reference = Omit<Link, "from">

/** Distinct references taken from one text; more is a list, not prose. */
export const referencesMax = 500

const owner = "[\\w-]{1,39}"
const repositoryName = "[\\w.-]{1,100}"
const inUrl = "[^\\s<>\"'|\\]()\\ufffc]"
/** None begins within a word, and what begins a word of an address may follow a hyphen. */
const grammar = new RegExp(
  `(?<!\\w)(?:${[
    `(?<url>https?:\\/\\/${inUrl}+(?:\\(${inUrl}*\\)${inUrl}*)*)`,
    `(?<![/.@-])(?:(?<of>${owner}/${repositoryName})@)?(?<sha>[0-9a-f]{40})(?![\\w-])`,
    `(?<![&/.#@-])(?:(?<slug>${owner}/${repositoryName})#|(?<!\\]\\()#|gh-)(?<number>[1-9]\\d{0,8})(?![\\w#]|[./-]\\w)`,
    "(?<!-)(?:commit|reverts?|reverted|sha|cherry[- ]picked from|introduced in|regression from)(?: commit)?:?[ \\t]+\\(?(?<short>[0-9a-f]{7,39})(?![\\w-])",
    "(?<![/.@-])@(?<login>[a-z\\d](?:[a-z\\d]|-(?=[a-z\\d])){0,38})(?![\\w/@[-]|\\.\\w)",
    "(?<!-)(?<ghsa>GHSA(?:-[2-9cfghjmpqrvwx]{4}){3})(?![\\w-])",
    "(?<![&/.#@-])(?<team>[a-z][a-z\\d]{0,9})-(?<key>[1-9]\\d{0,5})(?![\\w-]|\\.\\w)",
  ].join("|")})`,
  "gi",
)
/** Every reference has one of these, and stands in one line. */
const sign = /[@\d]|:\/\/|ghsa-/i

const keywords = new Set(
  "param params return returns override deprecated todo see type media import charset here everyone channel all throws example default since author version internal private public test".split(
    " ",
  ),
)
/** What looks like an issue's key and is a standard's name, in any workspace. */
const standards =
  /^(?:UTF-(?:7|8|16|32)|UCS-[24]|SHA-(?:[123]|224|256|384|512)|MD-[245]|AES-(?:128|192|256)|RSA-\d{4}|(?:ISO|IEC|IEEE|RFC|PEP|ECMA|CVE|CWE|FIPS|PKCS)-\d+|COVID-19|SARS-\d|HTTP-[123]|TLS-1|IPV-[46]|UTC-\d{1,2}|GMT-\d{1,2}|SOC-[123]|GPT-\d)$/i
/** `20260207` is a date and `defaced` a word; neither is a commit. */
const date = /^(?:19|20)\d{6}$/
const isMixed = (hex: string) => /[a-f]/i.test(hex) && /\d/.test(hex)

/**
 * The edges a text states: what it names or closes of GitHub, Linear, Slack and Notion, by address, by `owner/repo#12` or by
 * an issue's key, which counts only where its team exists. In a repository's text also `#12`, `@login` and abbreviated commits.
 * Code, comments and other hosts' addresses name nothing. Linear in the text, at most 500 distinct references.
 */
export function crossReferences(markdown: string, place: TextPlace = {}): Reference[] {
  if (!sign.test(markdown)) return []
  const text = maskCode(markdown)
  const found = new Found()
  let last: Mention = { type: "REFERENCES", end: 0 }
  let end = 0
  for (const { index, length, groups } of matchesIn(text)) {
    const before = wordsBefore(text, index, end)
    end = index + length
    const target = targetOf(groups, before, place)
    if (target === undefined) continue
    const said = saidWith(target, before, last, text.slice(last.end, Math.min(index, last.end + 9)))
    last = { type: said, end }
    found.add(said === "RESOLVES" && !place.closes ? "REFERENCES" : said, target)
    if (found.size === referencesMax) break
  }
  return found.all(place.self ?? [])
}

/** In a list of Linear's issues the words before the first speak for all: `Fixes ENG-1, ENG-2 and ENG-3`. */
const saidWith = ({ to }: Target, before: string, last: Mention, between: string): RelationshipType =>
  to.type.startsWith("linear:") && isConjunction(between) ? last.type : saidOf(to, before)

/** The Linear issues that a branch is named after: `octocat/eng-123-fix-the-login`. At most five. */
export function branchReferences(branch: string): Reference[] {
  const keys = [...branch.slice(0, 255).matchAll(/(?<=^|[/_-])([a-z][a-z\d]{0,9})-([1-9]\d{0,5})(?=$|[/_-])/gi)]
  return keys.slice(0, 5).flatMap(([, team = "", key = ""]) => {
    const target = keyTarget(team, key)
    return target?.requires
      ? [{ type: "IMPLEMENTS" as const, to: target.to, confidence: 0.8, requires: target.requires }]
      : []
  })
}

interface Match {
  readonly index: number
  readonly length: number
  readonly groups: Groups
}

/** What reads as a reference, in order. Most lines have no sign of one, and finding that out takes a tenth of reading them. */
function* matchesIn(text: string): Generator<Match> {
  const signs = new RegExp(sign, "gi")
  for (let found = signs.exec(text); found; found = signs.exec(text)) {
    const start = text.lastIndexOf("\n", found.index) + 1
    const stop = text.indexOf("\n", found.index)
    const line = text.slice(start, stop < 0 ? undefined : stop)
    for (const { 0: match, index, groups = {} } of line.matchAll(grammar))
      yield { index: start + index, length: match.length, groups }
    signs.lastIndex = start + line.length
  }
}

interface Mention {
  readonly type: RelationshipType
  readonly end: number
}

interface Target {
  readonly to: AliasRef
  /** Of a plain reference; a phrase before it makes it surer. */
  readonly confidence: number
  readonly requires?: AliasRef
  /** It is too weak a sign to stand without a phrase before it. */
  readonly onlySaid?: boolean
}

/** What stands before a reference, or before the link whose address it is, back to the reference before. */
function wordsBefore(text: string, start: number, end: number): string {
  const linked = text.startsWith("](", start - 2)
    ? text.slice(Math.max(0, start - 302), start - 2).lastIndexOf("[")
    : -1
  const at = linked < 0 ? start : Math.max(0, start - 302) + linked
  const from = linked < 0 ? Math.max(end, at - phraseMaxChars) : at - phraseMaxChars
  return text.slice(Math.max(0, from), at).replace(/[[*_<]+$/, "")
}

type Groups = { readonly [name: string]: string | undefined }

function targetOf(groups: Groups, before: string, { repository }: TextPlace): Target | undefined {
  const { url, sha, number, ghsa, team, key } = groups
  const shown = url && shownAt(url, repository)
  if (shown) return { to: shown, confidence: 0.9 }
  if (sha) return commitTarget(groups, before, repository)
  if (number) return thingTarget(groups, before, repository)
  if (ghsa) return { to: advisoryAlias(ghsa), confidence: 0.9 }
  if (team && key) return keyTarget(team, key)
  return repository && localTarget(groups, repository)
}

function thingTarget({ slug, number = "" }: Groups, before: string, repository?: Repository): Target | undefined {
  const own = slug === undefined || slug.toLowerCase() === repository?.fullName.toLowerCase()
  if (!own) return { to: refAlias(slug, number), confidence: 0.8 }
  if (repository === undefined || (slug === undefined && isCounted(before))) return undefined
  return { to: thingAlias(repository.repositoryId, number), confidence: 0.8 }
}

/** People and abbreviated commits, as a repository's texts name them. */
function localTarget({ login, short }: Groups, { repositoryId }: Repository): Target | undefined {
  if (login) return keywords.has(login.toLowerCase()) ? undefined : { to: loginAlias(login), confidence: 0.7 }
  if (!short || !/\d/.test(short) || date.test(short)) return undefined
  return { to: shortCommitAlias(repositoryId, short), confidence: 0.7 }
}

/** Forty hexadecimal digits are a commit where commits are talked about; elsewhere they have to be called one. */
function commitTarget({ of, sha }: Groups, before: string, repository?: Repository): Target | undefined {
  if (!sha || !isMixed(sha) || !(of || repository || namesCommit(before))) return undefined
  return { to: commitAlias(sha), confidence: 0.9 }
}

/** An issue's key counts while a team goes by its letters; in small letters only where words before it take it for one. */
function keyTarget(team: string, key: string): Target | undefined {
  if (standards.test(`${team}-${key}`)) return undefined
  const onlySaid = team !== team.toUpperCase()
  return { to: issueKeyAlias(team, key), confidence: 0.85, requires: teamKeyAlias(team), onlySaid }
}

/** References by what they say and where they point; the plain one gives way to one that says more. */
class Found {
  readonly #references = new Map<string, Reference>()

  get size(): number {
    return this.#references.size
  }

  /** Of two that say the same, the one without a condition stands, and the surer one. */
  add(type: RelationshipType, { to, requires, confidence, onlySaid }: Target): void {
    if (onlySaid && type === "REFERENCES") return
    const sure = type === "REFERENCES" ? confidence : type === "RESOLVES" ? 0.95 : 0.85
    const key = `${type} ${nameOf(to)}`
    const known = this.#references.get(key)
    const condition = requires && (!known || known.requires) ? { requires } : {}
    this.#references.set(key, { type, to, confidence: Math.max(sure, known?.confidence ?? 0), ...condition })
  }

  all(self: readonly AliasRef[]): Reference[] {
    const own = new Set(self.map(nameOf))
    const every = [...this.#references.values()].filter(({ to }) => !own.has(nameOf(to)))
    const certain = new Set(every.filter(({ requires }) => requires === undefined).map(({ to }) => nameOf(to)))
    const said = new Set(every.filter(({ type }) => type !== "REFERENCES").map(({ to }) => nameOf(to)))
    return every
      .filter(({ type, to }) => type !== "REFERENCES" || !said.has(nameOf(to)))
      .map(({ requires, ...one }) => (requires && !certain.has(nameOf(one.to)) ? { ...one, requires } : one))
  }
}

const nameOf = ({ type, value }: AliasRef) => `${type} ${value}`
