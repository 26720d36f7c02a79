import type { AliasRef } from "@engram/contracts/graph"
import { maskCode } from "../text/mask.ts"
import { labelAlias } from "./names.ts"
import type { Label } from "./schemas.ts"

const closingLine =
  /(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)(?:[ \t]*:[ \t]*|[ \t]+)\S{0,200}(?:#|gh-|\/)\d/i

/** Lines that say what is closed, at most twenty. */
export function closingLines(markdown: string): string[] {
  if (!/clos|fix|resolv/i.test(markdown)) return []
  const lines = markdown.split("\n")
  const seen = maskCode(markdown).split("\n")
  return lines.filter((_, at) => closingLine.test(seen[at] ?? "")).slice(0, 20)
}

/** Labels that name a goal or a project are what a thing is about. */
export function goalsOf(labels: readonly Label[] | null | undefined): AliasRef[] {
  const named = (labels ?? []).filter(({ name }) =>
    /^(?:goal|project|epic|initiative|theme|okr)\b\s*[:/ -]/i.test(name),
  )
  return named.flatMap(({ id }) => (typeof id === "number" ? [labelAlias(id)] : []))
}
