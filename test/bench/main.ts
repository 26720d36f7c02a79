import { mkdirSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { Figure } from "./figure.ts"
import { measures } from "./figures.ts"
import { loadHash, loadSeed, makeLoad } from "./load.ts"
import { createSite, fileAt } from "./site.ts"

const usage = `npm run bench -- [--only ${Object.keys(measures).join(",")}] [--repeat 3] [--json]

Measures the product against floors on this machine, in about a quarter of an hour on two quiet cores, and writes the figures to
bench-results/. --json prints them as JSON and nothing else. The exit code is 1 when a target is missed.`

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    repeat: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
})
const wanted = values.only?.split(",") ?? Object.keys(measures)
const unknown = wanted.find((name) => !Object.hasOwn(measures, name))
if (values.help || unknown !== undefined) {
  console.log(unknown === undefined ? usage : `there is no figure "${unknown}"\n\n${usage}`)
  process.exit(unknown === undefined ? 0 : 2)
}

const say = (text: string): void => {
  if (!values.json) console.log(text)
}
const hash = loadHash(makeLoad())
say(`load ${loadSeed}: 5,000 deliveries, sha256 ${hash.slice(0, 16)}`)

const started = Date.now()
const figures: Figure[] = []
const site = await createSite()
// The servers of an interrupted run go with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void site.close().finally(() => process.exit(130)))
}
try {
  for (const name of wanted) {
    say(`measuring ${name}…`)
    figures.push(...(await measures[name]!(site, Number(values.repeat))))
  }
} finally {
  await site.close()
}

const report = {
  at: new Date(started).toISOString(),
  seconds: Math.round((Date.now() - started) / 1_000),
  load: { seed: loadSeed, sha256: hash },
  machine: { cpus: cpus().length, model: cpus()[0]?.model, node: process.version },
  figures,
}
const directory = fileAt("../../bench-results")
mkdirSync(directory, { recursive: true })
writeFileSync(join(directory, `${report.at.replaceAll(":", "-")}.json`), `${JSON.stringify(report, null, 2)}\n`)
if (values.json) console.log(JSON.stringify(report))
else printTable(figures)

const missed = figures.filter(({ reached }) => !reached)
if (missed.length > 0) say(`\nmissed: ${missed.map(({ name }) => name).join("; ")}`)
process.exitCode = missed.length > 0 ? 1 : 0

function printTable(rows: readonly Figure[]): void {
  const width = (field: "name" | "measured" | "target"): number => Math.max(...rows.map((row) => row[field].length))
  console.log("")
  for (const { name, measured, target, reached } of rows) {
    const cells = [name.padEnd(width("name")), measured.padEnd(width("measured")), target.padEnd(width("target"))]
    console.log(`${cells.join("  ")}  ${reached ? "reached" : "MISSED"}`)
  }
}
