import type { AliasRef } from "@engram/contracts/graph"
import { loginAlias, organizationLoginAlias, repositoryNameAlias, teamNameAlias } from "../github/names.ts"
import { crossReferences } from "./references.ts"

/**
 * The aliases that a person may mean by a name: an address of any source, `owner/repo#12`, `ENG-123`, `owner/repo`, `@login`,
 * `@organization/team`, an email address, or any alias as `type:value`. The likeliest first; most of them exist nowhere.
 */
export function aliasesAsked(name: string): AliasRef[] {
  const text = name.trim()
  const key = /^[a-z][a-z\d]{0,9}-\d+$/i.test(text) ? text.toUpperCase() : text
  const referred = crossReferences(key).map(({ to }) => to)
  return [...referred, ...spelledOut(text), ...byForm(text)]
}

/** Both halves may hold colons: `github:login:octocat`, `slack:message:C1:1355517523.000005`. */
function spelledOut(text: string): AliasRef[] {
  const colons = [...text.slice(0, 300).matchAll(/:/g)].map(({ index }) => index).slice(0, 8)
  return colons
    .map((at) => ({ type: text.slice(0, at), value: text.slice(at + 1) }))
    .filter(({ value }) => value !== "")
}

function byForm(text: string): AliasRef[] {
  const [, at, owner = "", rest] = /^(@)?([\w-]{1,39})(?:\/([\w.-]{1,100}))?$/.exec(text) ?? []
  if (rest)
    return at ? [teamNameAlias(owner, rest)] : [repositoryNameAlias(`${owner}/${rest}`), teamNameAlias(owner, rest)]
  if (owner) return [loginAlias(owner), organizationLoginAlias(owner)]
  if (/^[0-9a-f]{40}$/i.test(text)) return [{ type: "github:commit", value: text.toLowerCase() }]
  return /^[^@\s]+@[^@\s]+$/.test(text) ? [{ type: "email:address", value: text.toLowerCase() }] : []
}
