import type { AliasRef } from "@engram/contracts/graph"

/** Longer ones cannot be delivered to (RFC 5321), and would not fit an index. */
const charsMax = 254

/**
 * The address as it is compared, or null when it is none: trimmed, lower case, NFC, Google's dots and second domain undone.
 * A `+tag` stays: only the mail server knows whether it is one. See `mailboxOf`.
 */
export function normaliseAddress(text: string): string | null {
  const address = text.trim().normalize("NFC").toLowerCase()
  if (address.length > charsMax || !/^[^\s@<>"(),:;]+@[^\s@<>"(),:;]+\.[^\s@<>"(),:;.]+\.?$/u.test(address)) return null
  const [local, domain] = split(address.replace(/\.$/, ""))
  // Nobody receives mail there, so nobody can have proved that they do.
  if (/(?:^|\.)(?:local|localdomain|localhost|internal|invalid|lan)$/.test(domain)) return null
  if (domain !== "gmail.com" && domain !== "googlemail.com") return `${local}@${domain}`
  const [name, ...tags] = local.split("+")
  return `${[name!.replaceAll(".", ""), ...tags].join("+")}@gmail.com`
}

/** The mailbox that most servers deliver an address to: without its `+tag`. */
export function mailboxOf(address: string): string {
  const [local, domain] = split(address)
  return `${local.replace(/(?<=.)\+.*$/u, "")}@${domain}`
}

export const domainOf = (address: string): string => split(address)[1]
export const localPartOf = (address: string): string => split(address)[0]

/** GitHub's private addresses name the account they belong to: `583231+octocat@…` by its id, which survives renames. */
export function accountNamedBy(address: string): AliasRef | null {
  const id = /^([1-9]\d{0,15})\+[^@]+@users\.noreply\.github\.com$/.exec(address)?.[1]
  return id === undefined ? null : { type: "github:user", value: id }
}

/** The login in a private address of GitHub's, of the form with an id or the older one without. */
export function loginNamedBy(address: string): string | null {
  return /^(?:\d+\+)?([^@+]+)@users\.noreply\.github\.com$/.exec(address)?.[1] ?? null
}

/** Whether the name of a mailbox says that more than one person reads it, or nobody does. Errs towards shared: that only costs a suggestion. */
export function looksShared(address: string): boolean {
  const [tagged, domain] = split(address)
  if (/(?:^|[.-])(?:noreply|no-reply|googlegroups|groups)\./.test(domain)) return true
  const local = tagged.replace(/(?<=.)\+.*$/u, "")
  if (roles.has(local.replaceAll(/[._-]/g, ""))) return true
  const words = local.split(/[._-]/)
  return groupWords.has(words[0]!) || groupWords.has(words.at(-1)!)
}

/** Whether anybody may have an address there, so that sharing the domain says nothing. */
export function isPublicDomain(domain: string): boolean {
  return (
    publicDomains.has(domain) || /^(?:yahoo|hotmail|outlook|live|gmx|yandex)\.(?:[a-z]{2,3}|co\.[a-z]{2})$/.test(domain)
  )
}

function split(address: string): [local: string, domain: string] {
  const at = address.lastIndexOf("@")
  return [address.slice(0, at), address.slice(at + 1)]
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

/** Whole mailbox names, without separators. RFC 2142's, and what companies use. */
const roles = words(
  `abuse accounting accounts admin administrator admins alert alerts all announce announcements api apps automation backend
   billing board bot bots build builder builds careers ci cicd code company contact contacts contracts customer customers
   customerservice customersuccess cs data deploy deploys deployment design dev develop developer developers development devops
   devs digest donotreply dpo engineering engineers enquiries errors eng everybody everyone events feedback finance founders
   frontend git github gitlab group groups hallo hello help helpdesk hi hiring hostmaster hr incident incidents info infra
   infosec infrastructure inquiries invoice invoices it itsupport jira jobs legal linear list listserv lists machine mail
   mailbox mailerdaemon mailman management marketing media monitoring news newsletter nobody noc noreply noreplies
   notification notifications notify notion office oncall operations ops order orders partners payments payroll people
   platform postmaster press privacy product production purchasing qa receipts reception recruiting recruitment release
   releases replies reply reports research robot root sales security service services shop slack spam sre staff status store
   subscribe success support sysadmin system sysadmins team teams tech technical test testing tests training undisclosed
   unsubscribe updates user users web webmaster webteam welcome work www`,
)
/** As the first or last word of a mailbox name: `dev-team@`, `support.eu@`, `no-reply-billing@`. None is a person's name. */
const groupWords = words(
  "team teams support noreply donotreply helpdesk alerts notifications oncall mailer list lists group everyone accounts billing invoices security",
)
const publicDomains = words(
  `126.com 163.com aol.com duck.com fastmail.com fastmail.fm gmail.com hey.com icloud.com mac.com mail.com mail.ru me.com msn.com
   pm.me proton.me protonmail.com qq.com t-online.de tuta.io tutanota.com web.de ymail.com zoho.com`,
)
