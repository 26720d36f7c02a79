import { cutText } from "@engram/contracts/cut-text"
import type { AliasRef } from "@engram/contracts/graph"
import ignore from "ignore"
import { componentOf } from "./components.ts"
import { loginAlias, teamNameAlias } from "./names.ts"

/** Who answers for a component. `whole` is false where only something inside it is theirs. */
export interface Ownership {
  /** As `componentOf` names it; `""` is the repository itself. */
  readonly component: string
  readonly owner: AliasRef
  readonly whole: boolean
}

interface Rule {
  readonly owners: readonly AliasRef[]
  /** The component that the pattern's literal beginning names. */
  readonly within: string | undefined
  /** Whether every file below the directory, `""` for the root, is the pattern's. */
  covers(directory: string): boolean
}

// More than any real file has, so that a hostile one costs no more than a second.
const rulesMax = 5_000
const wildcardRulesMax = 200
const wildcardsMax = 6
const patternMaxChars = 300
const componentsMax = 1_000

/**
 * Owners by component, for the components that the file's patterns name and the repository as a whole: of the patterns that
 * cover a component the last one decides, as for files, and patterns inside it add those who own a part. A pattern without
 * owners takes them away. Lines that GitHub cannot read are skipped, as GitHub does.
 */
export function ownershipOf(content: string): Ownership[] {
  const rules = rulesOf(content)
  const named = new Set(rules.flatMap(({ within }) => within ?? []))
  return ["", ...[...named].sort().slice(0, componentsMax)].flatMap((component) => ownersOf(component, rules))
}

function ownersOf(component: string, rules: readonly Rule[]): Ownership[] {
  const owners = new Map<string, Ownership>()
  for (const rule of rules) {
    const whole = rule.covers(component)
    if (!whole && rule.within !== component) continue
    if (whole) owners.clear()
    for (const owner of rule.owners) {
      const key = `${owner.type} ${owner.value}`
      if (!owners.has(key)) owners.set(key, { component, owner, whole })
    }
  }
  return [...owners.values()]
}

function rulesOf(content: string): Rule[] {
  const rules: Rule[] = []
  let wildcards = 0
  for (const [line] of content.matchAll(/[^\r\n]+/g)) {
    const [pattern, ...words] = wordsOf(line)
    const owners = words.flatMap((word) => ownerOf(word) ?? [])
    if (pattern === undefined || (words.length > 0 && owners.length === 0)) continue
    if (/^!|\[/.test(pattern) || pattern.length > patternMaxChars) continue
    const isLiteral = !/[*?]/.test(pattern)
    if (!isLiteral && ++wildcards > wildcardRulesMax) continue
    rules.push({ owners, ...(isLiteral ? literal(pattern) : wildcard(pattern)) })
    if (rules.length === rulesMax) break
  }
  return rules
}

/** A comment ends the line, and a space that is part of a pattern stands behind a backslash. */
function wordsOf(line: string): string[] {
  const words = [...cutText(line, 10_000).matchAll(/(?:\\.|[^\s\\])+/g)].map(([word]) => word)
  const comment = words.findIndex((word) => word.startsWith("#"))
  return comment < 0 ? words : words.slice(0, comment)
}

function ownerOf(word: string): AliasRef | undefined {
  const [, name, team] = /^@([\w-]{1,39})(?:\/([\w.-]{1,100}))?$/.exec(word) ?? []
  if (name) return team ? teamNameAlias(name, team) : loginAlias(name)
  return /^[^@\s]{1,64}@[^@\s]{1,255}\.[a-z]{2,}$/i.test(word)
    ? { type: "email:address", value: word.toLowerCase() }
    : undefined
}

type Pattern = Pick<Rule, "within" | "covers">

/** A path. Without a slash before its end it is a name, and means every file and directory that is called so. */
function literal(pattern: string): Pattern {
  const segments = pattern
    .replace(/\\(.)/g, "$1")
    .split("/")
    .filter((segment) => segment !== "")
  const path = segments.join("/")
  const within = isFile(pattern, segments) ? componentOf(path) : componentOf(`${path}/_`)
  const isName = !pattern.slice(0, -1).includes("/")
  return {
    within: path === "" ? undefined : within,
    covers: (directory) =>
      isName ? directory.split("/").includes(path) : directory === path || directory.startsWith(`${path}/`),
  }
}

/** Nothing says whether `/x` is a file: it is taken for one when it has an extension, or stands at the root in capitals, as `LICENSE`. */
const isFile = (pattern: string, segments: readonly string[]) =>
  !pattern.endsWith("/") &&
  /[^.]\.\w+$|^[A-Z]\w*$/.test(segments.length > 1 ? `x${segments.at(-1)}` : (segments[0] ?? ""))

function wildcard(pattern: string): Pattern {
  const segments = pattern.split("/").filter((segment) => segment !== "")
  const prefix = segments.slice(
    0,
    segments.findIndex((segment) => /[*?]/.test(segment)),
  )
  const within = prefix.length > 0 ? componentOf([...prefix, placeholder, placeholder].join("/")) : undefined
  return {
    within: within?.includes(placeholder) ? undefined : within,
    covers: coverage(pattern, segments),
  }
}

/** No file is called so, so what matches it would match any. */
const placeholder = "\u0001"

function coverage(pattern: string, segments: readonly string[]): Rule["covers"] {
  const last = segments.at(-1) ?? ""
  const stars = pattern.match(/[*?]/g)?.length ?? 0
  // Of directories GitHub's `docs/*` covers none, unlike git's; and `*.js` is about files.
  const ofFiles = !pattern.endsWith("/") && (/^\*\./.test(last) || (last === "*" && pattern !== "*"))
  if (ofFiles || stars > wildcardsMax) return () => false
  const git = ignore({ ignorecase: false }).add(pattern)
  return (directory) => {
    const below = directory === "" ? placeholder : `${directory}/${placeholder}`
    return git.ignores(below) && git.ignores(`${below}/${placeholder}`)
  }
}
