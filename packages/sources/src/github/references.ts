import type { AliasRef, RelationshipType } from "@engram/contracts/graph"
import { maskCode, masked } from "../text/mask.ts"
import { advisoryAlias, commitAlias, loginAlias, refAlias, shortCommitAlias, thingAlias } from "./names.ts"

/** Whose text it is: what a bare `#12` means in it, and which links are GitHub's own. */
export interface TextPlace {
  readonly repositoryId: string
  readonly fullName: string
  /** `https://github.com`, or the enterprise server's. */
  readonly origin: string
  /** Whether closing words close: in pull requests and commits. Elsewhere they only refer. */
  readonly closes: boolean
  /** The document itself, which is not among its references. */
  readonly self?: AliasRef
}

export interface Reference {
  readonly type: RelationshipType
  readonly to: AliasRef
  readonly confidence: number
}

/** Distinct targets taken from one text; more is a list, not prose. */
const referencesMax = 500

const owner = "[\\w-]{1,39}"
const repository = "[\\w.-]{1,100}"
const number = "[1-9]\\d{0,8}"
const url = /\bhttps?:\/\/[^\s<>"'\ufffc]+/gi
const issue = new RegExp(
  `(?<![\\w&/.#@-])(?:(${owner}/${repository})#|(?<!\\]\\()#|gh-)(${number})(?![\\w#]|[./-]\\w)`,
  "gi",
)
const mention = /(?<![\w/.@-])@([a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38})(?![\w/@[-]|\.\w)/gi
const sha = new RegExp(`(?<![\\w/.@-])(?:${owner}/${repository}@)?([0-9a-f]{40})(?![\\w-])`, "gi")
const shortSha =
  /(?<![\w-])(?:commit|reverts?|reverted|sha|cherry[- ]picked from|introduced in|regression from)(?: commit)?:?[ \t]+\(?([0-9a-f]{7,39})(?![\w-])/gi
const advisory = /(?<![\w-])GHSA(?:-[2-9cfghjmpqrvwx]{4}){3}(?![\w-])/gi

const after = "(?:[ \\t]*:[ \\t]*|[ \\t]+)$"
/** What stands right before a reference and says more than that it is one. */
const phrases: readonly (readonly [RelationshipType, RegExp])[] = [
  ["RESOLVES", new RegExp(`(?<![\\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)${after}`, "i")],
  ["DUPLICATES", new RegExp(`(?<![\\w-])(?:duplicates|(?:duplicate|dupe?)[ \\t]+of)${after}`, "i")],
  ["BLOCKED_BY", new RegExp(`(?<![\\w-])(?:blocked[ \\t]+(?:by|on)|depends[ \\t]+on)${after}`, "i")],
  ["IMPLEMENTS", new RegExp(`(?<![\\w-])implement(?:s|ed|ing)?${after}`, "i")],
]
const negation =
  /(?:\bnot|n['’]t|\bnever|\bwithout|\bcannot|\bno longer)(?:[ \t]+(?:yet|really|fully|be|been|a))?[ \t]+$/i
/** `build #45` counts builds. */
const counted =
  /\b(?:build|job|run|step|attempt|option|round|phase|line|page|figure|item|part|point|rule|question|colou?r|player|number|rank)s?(?:[ \t]+(?:is|was|of))?:?[ \t]*$/i
const keywords = new Set(
  "param params return returns override deprecated todo see type media import charset here everyone channel all throws example default since author version internal private public test".split(
    " ",
  ),
)
const confidence: { readonly [type: string]: number } = { RESOLVES: 0.95, REFERENCES: 0.8 }

/**
 * The edges a text states: issues and pull requests it names or closes, commits, advisories and people. Code, comments
 * and the addresses of other hosts name nothing. Linear in the text.
 */
export function references(markdown: string, place: TextPlace): Reference[] {
  if (!/[#@]|gh-|ghsa-|https?:|[0-9a-f]{7}/i.test(markdown)) return []
  const text = withoutUrls(maskCode(markdown), place.origin)
  const found = new Found()
  readIssues(text, place, found)
  for (const { 1: login } of found.limit(text.matchAll(mention)))
    if (!keywords.has(login!.toLowerCase())) found.add("REFERENCES", loginAlias(login!), 0.7)
  for (const { 1: hex } of found.limit(text.matchAll(sha)))
    if (isMixed(hex!)) found.add("REFERENCES", commitAlias(hex!), 0.9)
  for (const { 1: hex } of found.limit(text.matchAll(shortSha)))
    if (/\d/.test(hex!) && !date.test(hex!)) found.add("REFERENCES", shortCommitAlias(place.repositoryId, hex!), 0.7)
  for (const { 0: id } of found.limit(text.matchAll(advisory))) found.add("REFERENCES", advisoryAlias(id), 0.9)
  return found.all(place.self)
}

function readIssues(text: string, place: TextPlace, found: Found): void {
  let end = 0
  for (const match of found.limit(text.matchAll(issue))) {
    const [whole, slug, digits] = match
    const before = text.slice(Math.max(end, match.index - 48), match.index).replace(/[[*_]+$/, "")
    end = match.index + whole.length
    if (slug === undefined && counted.test(before)) continue
    const said = phraseBefore(before)
    const type = said === "RESOLVES" && !place.closes ? "REFERENCES" : said
    const own = slug === undefined || slug.toLowerCase() === place.fullName.toLowerCase()
    found.add(type, own ? thingAlias(place.repositoryId, digits!) : refAlias(slug, digits!), confidence[type] ?? 0.85)
  }
}

function phraseBefore(before: string): RelationshipType {
  for (const [type, pattern] of phrases) {
    const match = pattern.exec(before)
    if (match) return negation.test(before.slice(0, match.index)) ? "REFERENCES" : type
  }
  return "REFERENCES"
}

/** GitHub's own addresses become the short form they stand for, with what precedes and follows them; others vanish. */
function withoutUrls(text: string, origin: string): string {
  if (!text.includes("://")) return text
  const own = new RegExp(
    `^${origin.replace(/[^\w:/-]/g, "\\$&")}/(${owner}/${repository})/(?:(?:issues|pull|discussions)/(${number})|commit/([0-9a-f]{40}))(?!\\w)(?:[#?/][^)\\s]*)?`,
    "i",
  )
  return text.replace(url, (address) => {
    const match = own.exec(address)
    if (!match) return masked
    const [whole, slug, digits, commit] = match
    return (digits ? `${slug}#${digits}` : `${slug}@${commit}`) + address.slice(whole.length).replace(/[\w#@]/g, masked)
  })
}

/** `20260207` is a date and `defaced` a word; neither is a commit. */
const date = /^(?:19|20)\d{6}$/
const isMixed = (hex: string) => /[a-f]/i.test(hex) && /\d/.test(hex)

/** References by what they say and where they point; the plain one gives way to one that says more. */
class Found {
  readonly #references = new Map<string, Reference>()

  add(type: RelationshipType, to: AliasRef, certainty: number): void {
    const key = `${type} ${to.type} ${to.value}`
    if (!this.#references.has(key)) this.#references.set(key, { type, to, confidence: certainty })
  }

  /** Matches, as long as there is room for another reference. */
  *limit<Match>(matches: Iterable<Match>): Iterable<Match> {
    for (const match of matches) {
      if (this.#references.size >= referencesMax) return
      yield match
    }
  }

  all(self: AliasRef | undefined): Reference[] {
    const target = ({ to }: Reference) => `${to.type} ${to.value}`
    const every = [...this.#references.values()].filter(({ to }) => to.type !== self?.type || to.value !== self.value)
    const said = new Set(every.filter(({ type }) => type !== "REFERENCES").map(target))
    return every.filter((reference) => reference.type !== "REFERENCES" || !said.has(target(reference)))
  }
}

/** The host that a thing's address names; GitHub's own when there is none. */
export const originOf = (address: string | null | undefined) =>
  (address && URL.parse(address)?.origin) || "https://github.com"
