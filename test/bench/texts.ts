import { createRandom, type Random } from "./random.ts"

const parts =
  "scheduler|webhook receiver|token bucket|search index|session store|migration runner|upload queue|rate limiter|billing export|audit log|feature flag service|connection pool|image proxy|retry policy|changelog generator|permission check|release pipeline|cache layer|metrics collector|notification digest|import wizard|backup job|schema registry|access policy|query planner|status page|email renderer|package mirror|device sync|review bot".split(
    "|",
  )
const verbs =
  "drops|repeats|delays|rejects|reorders|truncates|duplicates|forgets|overwrites|leaks|validates|batches|compresses|retries|archives|merges|refreshes|throttles|rebuilds|verifies".split(
    "|",
  )
const objects =
  "the second request|stale entries|rows of a deleted account|the last page of results|expired tokens|large attachments|events that arrive out of order|its own lock|the default branch|time zones without an offset|nested folders|the oldest snapshot|unicode file names|pending invitations|a partial response|headers in upper case|the trailing newline|open transactions|renamed repositories|signed commits".split(
    "|",
  )
const conditions =
  "when two workers start at once|after a failover|while a deploy is running|if the clock jumps back|under sustained load|on a cold start|when the disk is nearly full|behind a corporate proxy|for organizations with more than a thousand members|during the nightly import|once the cache is warm|when the client retries too early|on the first day of a month|in the European region|after an upgrade from the previous major version|with the new parser enabled".split(
    "|",
  )
const advice =
  "We should add a test for it.|A smaller batch size hides it.|Nobody noticed because the alert is muted.|The dashboard shows it as latency.|It is easy to reproduce with two terminals.|Rolling back helps for an hour.|The documentation says otherwise.|Customers asked about it twice this week.|The fix is small but touches a hot path.|I measured it on the staging cluster.|This worked in the last release.|Let us keep the old behaviour behind a flag.".split(
    "|",
  )
const codes =
  "const pending = await queue.take({ limit: 64 })\nfor (const job of pending) await job.run()|SELECT id, state FROM jobs WHERE due_at < now() ORDER BY due_at LIMIT 100;|curl -sS -H 'accept: application/json' https://status.example.com/api/v2/summary.json|retry:\n  attempts: 5\n  backoff: exponential\n  jitter: 0.5|func (p *Pool) Release(c *Conn) error {\n\treturn p.put(c, time.Now())\n}".split(
    "|",
  )

/** A title of its own: no two keys share one. */
export function titleOf(key: string): string {
  const random = createRandom(`title ${key}`)
  const said = `${random.pick(parts)} ${random.pick(verbs)} ${random.pick(objects)}`
  return `${said[0]!.toUpperCase()}${said.slice(1)} (${wordOf(key)})`
}

/** A word that occurs for this key only. */
const wordOf = (key: string): string => {
  const random = createRandom(`word ${key}`)
  return `${random.pick(["kelvo", "brund", "sifar", "tolme", "quast", "vexil", "morda", "pliny"])}${random.below(2 ** 31).toString(36)}`
}

/** What something is about, in about five words that others may share. */
export const subjectOf = (random: Random): string =>
  `${random.pick(parts)} ${random.pick(verbs)} ${random.pick(objects)}`

/** Markdown as people write it, about `words` words of it: paragraphs, lists, tables, code, task lists, headings. */
export function markdownOf(key: string, words: number): string {
  const random = createRandom(`text ${key}`)
  const blocks: string[] = [paragraph(random, key)]
  for (let written = wordsIn(blocks[0]!); written < words; written += wordsIn(blocks.at(-1)!)) {
    blocks.push(block(random, `${key} ${blocks.length}`))
  }
  return blocks.join("\n\n")
}

export function paragraph(random: Random, key: string): string {
  const count = 2 + random.below(4)
  const sentences = Array.from({ length: count }, () => sentence(random))
  return `${sentences.join(" ")} See ${wordOf(key)}${random.below(4) === 0 ? ` and #${1 + random.below(400)}` : ""}.`
}

function block(random: Random, key: string): string {
  const kind = random.below(10)
  if (kind === 0) return `## ${titleOf(key)}\n\n${paragraph(random, key)}`
  if (kind === 1) return list(random, "- ")
  if (kind === 2) return list(random, random.below(2) === 0 ? "- [ ] " : "- [x] ")
  if (kind === 3) return `\`\`\`\n// ${wordOf(key)}\n${random.pick(codes)}\n\`\`\``
  if (kind === 4) return table(random)
  return paragraph(random, key)
}

export const sentence = (random: Random): string =>
  random.below(4) === 0
    ? random.pick(advice)
    : `The ${random.pick(parts)} ${random.pick(verbs)} ${random.pick(objects)} ${random.pick(conditions)}.`

const list = (random: Random, mark: string): string =>
  Array.from({ length: 3 + random.below(4) }, () => `${mark}${sentence(random)}`).join("\n")

const table = (random: Random): string =>
  ["| part | p95 | errors |", "| --- | --- | --- |"]
    .concat(
      Array.from({ length: 3 }, () => `| ${random.pick(parts)} | ${random.below(900)} ms | ${random.below(40)} |`),
    )
    .join("\n")

const wordsIn = (text: string): number => text.split(/\s+/).length
