import { type CredentialRule, patternRule, type Range } from "./rule.ts"

/** Words that say of the value after them that it is a credential. */
const secretWord =
  "(?:passw(?:or)?d|passphrase|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|client[_-]?secret|private[_-]?key|signing[_-]?key|encryption[_-]?key|token)"

const assigns = "[\"'`*]{0,3}\\s{0,3}(?::=|:|=>|=)"
/** A URL that names a user. */
const withUser = "://[^\\s/?#@\"'<>]{2,400}@"

/** Shannon entropy of the characters, in bits. English words are below 3, random keys of 20 characters above 3.7. */
export function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0)
}

/** Long, with digits, letters and no order: not a word, a path, a version or a name of something. */
const looksRandom = (value: string): boolean =>
  /\d/.test(value) && /[A-Za-z]/.test(value) && !/^[a-z]+(?:[-_./][a-z]+)+\d*$/i.test(value) && entropy(value) >= 3.5

/** Credentials known by what stands around them. Their patterns look back a bounded way, so that each is linear in the text. */
export const contextRules: readonly CredentialRule[] = [
  { name: "private-key", gate: "PRIVATE KEY|Private-Lines:", find: privateKeys },
  patternRule(
    "aws-secret",
    "secret[_ -]?(?:access)?[_ -]?key",
    /(?<=secret[_ -]?(?:access)?[_ -]?key["'`]?\s{0,4}(?::|=>|=)\s{0,4}["'`]?)[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=])/gi,
    { anyCase: true },
  ),
  patternRule(
    "npm-auth",
    "_(?:authToken|auth|password)=",
    /(?<=\b_(?:authToken|auth|password)=["']?)[^\s$"'[][^\s"']{3,}/g,
  ),
  // The password alone, so that a reader still sees which host and which user. `${VARIABLES}` are none.
  patternRule("url-password", withUser, /(?<=:\/\/[^\s/?#@:"'<>]{0,128}:)(?![${<*]|%[A-Z])[^\s/@"'<>]{2,256}(?=@)/g),
  patternRule("url-token", withUser, /(?<=:\/\/)[A-Za-z0-9_.-]{20,255}(?=(?::x-oauth-basic)?@)/g),
  patternRule(
    "url-parameter",
    "(?:token|key|sig|signature|secret|password)=",
    /(?<=[?&;](?:(?:access|auth|refresh|id|private|security|x-amz-security)?[_-]?token|api[_-]?key|apikey|sig|(?:x-amz-|x-goog-)?signature|client[_-]?secret|secret|password)=)[^\s&#"'<>()[\]]{8,4000}/gi,
    { anyCase: true },
  ),
  patternRule(
    "slack-webhook",
    "hooks\\.slack\\.com",
    /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/]{20,200}/gi,
    {
      anyCase: true,
    },
  ),
  patternRule("discord-webhook", "/api/webhooks/", /\/api\/webhooks\/\d{10,25}\/[A-Za-z0-9_-]{30,120}/g),
  patternRule(
    "authorization",
    "authorization[\"'`]?\\s{0,4}[:=]|bearer\\s",
    /(?<=\bauthorization["'`]?\s{0,4}[:=]\s{0,4}["'`]?(?:bearer|basic|token|bot|apikey)\s{1,4})[A-Za-z0-9._~+/=-]{8,4000}|(?<=\bbearer\s{1,4})(?=[A-Za-z._~+/=-]*\d)[A-Za-z0-9._~+/-]{20,4000}=*/gi,
    { anyCase: true },
  ),
  patternRule(
    "assigned-secret",
    `(?:passw(?:or)?d|passphrase|pwd|secret|key|token)${assigns}`,
    new RegExp(
      `(?<=${secretWord}${assigns}\\s{0,3}["'\`]{0,3})[A-Za-z0-9_+/=.~!@#$%^&*-]{16,300}(?![A-Za-z0-9])`,
      "gi",
    ),
    { anyCase: true, isCredential: looksRandom },
  ),
]

const keyBegins = /-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
const keyEnds = /-----END[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
/** What a key whose end was cut off consists of: lines of base64, white space (also escaped), quote signs, headers. */
const keyBody =
  /(?:[\s>]|\\[nrt]|[A-Za-z0-9+/=]{20,}|[A-Za-z0-9+/=]{1,76}(?=…|\s*$)|(?:Proc-Type|DEK-Info|Version|Comment|Charset|Hash):[^\n]{0,200})+/y
const puttyLines = /Private-Lines: \d{1,4}\s(?:[A-Za-z0-9+/=]{1,76}\s){1,400}/g

/** From the first line to the last or, where there is no last, as far as it reads like a key. */
function privateKeys(text: string): Range[] {
  const begins = [...text.matchAll(keyBegins)]
  const ends = [...text.matchAll(keyEnds)]
  let next = 0
  const blocks = begins.map(({ 0: head, index: start }, at) => {
    const until = begins[at + 1]?.index ?? text.length
    while (next < ends.length && ends[next]!.index < start) next++
    const close = ends[next]
    if (close && close.index < until) return { start, end: close.index + close[0].length }
    keyBody.lastIndex = start + head.length
    const body = keyBody.exec(text)
    return { start, end: Math.min(until, start + head.length + (body?.[0].trimEnd().length ?? 0)) }
  })
  const putty = [...text.matchAll(puttyLines)].map(({ 0: match, index }) => ({
    start: index,
    end: index + match.length,
  }))
  return [...blocks, ...putty]
}
