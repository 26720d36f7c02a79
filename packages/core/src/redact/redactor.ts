import type { Drafts } from "@engram/contracts/draft"
import type { Json } from "@engram/contracts/json"
import { findEmails, findPhones, isRoleMailbox, mayHoldPhones, pseudonymous } from "./contacts.ts"
import { apart, type Finding, findCredentials, mayHoldCredentials, shortest } from "./credentials.ts"

/** What a workspace wants taken out beside credentials, which always are. */
export interface RedactionPolicy {
  readonly emails: boolean
  /** `international`: numbers with their country code. A country (`US`): also numbers as they are dialled there. */
  readonly phones: string | null
}

export interface Redactor {
  /** The text with a mark for each finding: `[redacted:github-token]`. Pure; doing it again changes nothing. */
  text(text: string): string
  /** Every text that the drafts carry, wherever it stands. What holds nothing is returned as it is, uncopied. */
  drafts(drafts: Drafts): Drafts
}

const mark = /\[redacted:[a-z0-9-]+(?::[0-9a-f]{16})?\]/g

/** How many marks a text has. */
export const marksIn = (text: string): number => (text.includes("[redacted:") ? [...text.matchAll(mark)].length : 0)

/**
 * `pseudonym` gives 16 hex digits for an address or number, the same for the same, under a key: what is said of one person
 * stays together, also in names and ids, and nobody without the key can tell who it is. `onFound` is told of the rule alone.
 */
export function createRedactor(options: {
  readonly policy: RedactionPolicy
  readonly pseudonym: (contact: string) => string
  readonly onFound?: (rule: string) => void
}): Redactor {
  const { policy, pseudonym, onFound } = options
  const { emails, phones } = policy
  const country = phones === null || phones === "international" ? undefined : phones

  const findingsOf = (text: string): Finding[] => {
    const found = findCredentials(text)
    if (emails && text.includes("@")) found.push(...findEmails(text))
    if (phones !== null) found.push(...findPhones(text, country))
    if (found.length === 0 || !text.includes("[redacted:")) return found
    const marks = [...text.matchAll(mark)].map(({ 0: match, index }) => ({ start: index, end: index + match.length }))
    return found.filter((each) => !marks.some((one) => each.start < one.end && one.start < each.end))
  }

  const markOf = (finding: Finding, text: string): string => {
    onFound?.(finding.rule)
    const contact = finding.rule === "email" || finding.rule === "phone"
    return contact ? `[redacted:${finding.rule}:${pseudonym(plain(finding, text))}]` : `[redacted:${finding.rule}]`
  }

  /** A mark may part two credentials that stood together without a gap, so what has one is looked at again. */
  const redact = (text: string): string => {
    const after = markAll(text)
    return after === text ? text : redact(after)
  }

  const markAll = (text: string): string => {
    const found = apart(findingsOf(text))
    if (found.length === 0) return text
    let position = 0
    const pieces = found.map((finding) => {
      const before = text.slice(position, finding.start)
      position = finding.end
      return before + markOf(finding, text)
    })
    return pieces.join("") + text.slice(position)
  }

  /** The address of an account identifies it, so it keeps the form of one: `<pseudonym>@its.domain`. */
  const address = (text: string): string => {
    const at = text.lastIndexOf("@")
    if (pseudonymous.test(text)) return text
    if (!emails || at < 1 || isRoleMailbox(text.slice(0, at))) return redact(text)
    onFound?.("email")
    return `${pseudonym(text.toLowerCase())}@${text.slice(at + 1).toLowerCase()}`
  }

  const value = (given: Json, name?: string): Json => {
    if (typeof given === "string")
      return name !== undefined && isSecretField(name, given) ? whole(given) : redact(given)
    if (typeof given !== "object" || given === null) return given
    if (isList(given))
      return changed(
        given,
        given.map((item) => value(item)),
      )
    const isAddress = given.type === "email:address"
    const entries = Object.entries(given)
    const next = entries.map(([key, member]): [string, Json] => {
      const isEmail = typeof member === "string" && ((isAddress && key === "value") || key === "email")
      return [redact(key), isEmail ? address(member) : value(member, key)]
    })
    const same = next.every(([key, member], at) => key === entries[at]![0] && member === entries[at]![1])
    return same ? given : Object.fromEntries(next)
  }

  const whole = (given: string): string => {
    if (marksIn(given) > 0) return given
    onFound?.("secret-field")
    return "[redacted:secret-field]"
  }

  const mayHold = (text: string): boolean =>
    mayHoldCredentials(text) || (emails && text.includes("@")) || (phones !== null && mayHoldPhones(text, country))

  return {
    text: redact,
    drafts: (drafts) => {
      const said = { texts: [] as string[], suspicious: false }
      gather(drafts as unknown as Json, said)
      // One look at all texts together costs a fifth of a look at each.
      if (!said.suspicious && !mayHold(said.texts.join("\n"))) return drafts
      return value(drafts as unknown as Json) as unknown as Drafts
    },
  }
}

interface Said {
  readonly texts: string[]
  /** Whether a member is a secret by its name alone. */
  suspicious: boolean
}

/** All texts, also those that members are named by. Shorter ones hold nothing. */
function gather(given: Json, said: Said): void {
  if (typeof given === "string") gatherText(given, said)
  else if (typeof given === "object" && given !== null) gatherMembers(given, said)
}

function gatherMembers(given: Exclude<Json, string | number | boolean | null>, said: Said): void {
  if (isList(given)) {
    for (const item of given) gather(item, said)
    return
  }
  for (const [name, member] of Object.entries(given)) {
    gatherText(name, said)
    if (typeof member === "string" && isSecretField(name, member)) said.suspicious = true
    gather(member, said)
  }
}

const gatherText = (text: string, { texts }: Said): void => {
  if (text.length >= shortest) texts.push(text)
}

/** One writing of a contact, so that all of them have one pseudonym. */
const plain = ({ rule, start, end }: Finding, text: string): string => {
  const contact = text.slice(start, end)
  return rule === "email" ? contact.toLowerCase() : contact.replace(/\D/g, "")
}

const secretName =
  /^(?:.*[_-])?(?:pass(?:word|wd|phrase)|pwd|secret|client_?secret|api_?key|access_?key|secret_?key|private_?key|(?:access|auth|refresh|api|bearer)_?token)$/i

const knownNames = new Map<string, boolean>()

/** Members are called the same again and again, so what a name says is remembered, up to some thousand. */
function isSecretName(name: string): boolean {
  const known = knownNames.get(name)
  if (known !== undefined) return known
  const secret = name.length < 64 && secretName.test(name.replace(/([a-z])([A-Z])/g, "$1_$2"))
  if (knownNames.size < 5_000) knownNames.set(name, secret)
  return secret
}

/** A member that is called a secret and holds one word: `{"password": "hunter2"}`. */
const isSecretField = (name: string, given: string): boolean => isSecretName(name) && /^\S{4,}$/.test(given)

const isList = (given: object): given is readonly Json[] => Array.isArray(given)

const changed = (before: readonly Json[], after: readonly Json[]): readonly Json[] =>
  after.every((item, at) => item === before[at]) ? before : after
