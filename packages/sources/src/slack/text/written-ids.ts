import type { WrittenId } from "@engram/contracts/names"
import { accountAlias } from "../names.ts"

/** The team stands in the address of each of Slack's documents. */
const address = /^https:\/\/app\.slack\.com\/client\/([A-Z][A-Z0-9]{1,30})(?:\/|$)/
// One that was cut off may be the beginning of another.
const written = /(?<![\w@])@([UWB][A-Z0-9]{6,30})(?![\w…-])/g

/** The users and integrations that a text of the document at `url` names by id, `@U0ADA00001`. The sign before it stays. */
export function writtenIds(text: string, url: string): WrittenId[] {
  const team = address.exec(url)?.[1]
  if (team === undefined || !text.includes("@")) return []
  return [...text.matchAll(written)].map(({ index, 0: whole, 1: id }) => ({
    from: index + 1,
    to: index + whole.length,
    alias: accountAlias(team, id!),
  }))
}
