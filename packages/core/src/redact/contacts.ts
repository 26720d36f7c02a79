import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js/min"
import type { Finding } from "./credentials.ts"

const localCharacter = /[\p{L}\p{N}._%+'-]/u
const localStart = /[\p{L}\p{N}]/u
const domain = /[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*\.[a-z]{2,24}(?![a-z0-9-])/iy
/** Mailboxes of a function, not of a person: RFC 2142 and what organisations add to it. */
const roles =
  /^(?:git|info|support|sales|marketing|abuse|noc|security|postmaster|hostmaster|webmaster|no-?reply|notifications?|team|admin|help|hello|contact|billing|ops|dev|engineering|bot|builds?|ci)$/i

/** Whether an address names a function rather than a person; such addresses stay legible. */
export const isRoleMailbox = (local: string): boolean => roles.test(local)

/** What stands for the address of an account. */
export const pseudonymous = /^[0-9a-f]{16}@/

/** The addresses of people in a text. Looks around each `@`, at most 64 characters back: linear in the text. */
export function findEmails(text: string): Finding[] {
  const found: Finding[] = []
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let start = at
    while (start > 0 && at - start < 64 && localCharacter.test(text[start - 1]!)) start--
    while (start < at && !localStart.test(text[start]!)) start++
    if (start === at || isRoleMailbox(text.slice(start, at)) || pseudonymous.test(text.slice(start, at + 1))) continue
    domain.lastIndex = at + 1
    const match = domain.exec(text)
    if (match) found.push({ start, end: at + 1 + match[0].length, rule: "email" })
  }
  return found
}

/** Digits as people write them, 7 to 15, in groups; bounded patterns, so linear in the text. */
const international = /\+\d(?:[ \u00a0().\-/]{0,2}\d){6,14}(?![\w@]|[.-]\d)/g
/** Without a country code it is only a number that is written in groups: digits in one piece are an id. */
const grouped = /(?<![\w.+@#/:-])(?!\d{4}-\d\d-\d\d)\(?\d{2,5}(?:[ \u00a0().\-/]{1,2}\d{1,8}){1,6}(?![\w@:]|[.-]\d)/g

const candidates = (text: string, country: string | undefined): RegExpExecArray[] => [
  ...(text.includes("+") ? text.matchAll(international) : []),
  ...(country === undefined ? [] : text.matchAll(grouped)),
]

export const mayHoldPhones = (text: string, country: string | undefined): boolean =>
  candidates(text, country).length > 0

/**
 * Phone numbers in a text: with their country code, and those of `country` also without it. What looks like one is asked of
 * libphonenumber, which knows which numbers each country has.
 */
export const findPhones = (text: string, country: string | undefined): Finding[] =>
  candidates(text, country).flatMap(({ 0: match, index }) => {
    const number = parsePhoneNumberFromString(match, country as CountryCode | undefined)
    return number?.isValid() ? [{ start: index, end: index + match.length, rule: "phone" }] : []
  })

/** Whether numbers of this country, by its two letters, are known. */
export const isCountry = (code: string): boolean => isSupportedCountry(code)
