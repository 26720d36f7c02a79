import type { Link } from "@engram/contracts/graph"
import { maskCode } from "../text/mask.ts"
import { idOf, thingAlias } from "./names.ts"

/** An address of a page or database; the id ends its path, after the title's words. */
const address = /\bhttps?:\/\/(?:[\w-]+\.)*notion\.(?:so|site|com)\/[^\s<>"'()[\]]{0,2000}/gi
const id = /(?:^|[-/])([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i
const linksMax = 500

/** The pages of Notion that a text links to. Linear in the text. */
export function notionLinks(markdown: string): Link[] {
  if (!/notion\.(?:so|site|com)\//i.test(markdown)) return []
  const found = new Map<string, Link>()
  for (const { 0: url } of maskCode(markdown).matchAll(address)) {
    const path = url.replace(/[?#].*$/, "").replace(/[.,;:!]+$/, "")
    const page = idOf(id.exec(path)?.[1] ?? "")
    if (page !== undefined) found.set(page, { type: "REFERENCES", to: thingAlias("page", page), confidence: 0.95 })
    if (found.size === linksMax) break
  }
  return [...found.values()]
}
