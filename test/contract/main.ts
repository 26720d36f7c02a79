import { reasonOf } from "@engram/contracts/errors"
import { type Client, createClient } from "./client.ts"
import { contractPromises } from "./promises.ts"

const usage = `Checks that a memory plugin keeps the contract, version 1. It writes namespaces custom:contract-… and team:contract-…
and removes none of them.

  npm run contract -- <url> [--dimension <numbers of an embedding, 8>] [--only <words of a promise>]

Exits 0 when every promise is kept, 1 when one is broken, 2 when it was asked wrongly or nothing answers.`

interface Options {
  readonly url: string
  readonly dimension: number
  readonly only: string
}

function optionsOf([url = "", ...rest]: readonly string[]): Options | undefined {
  const options = { url, dimension: 8, only: "" }
  while (rest.length > 0) {
    const [name, value = ""] = rest.splice(0, 2)
    if (name === "--dimension" && /^[1-9]\d*$/.test(value)) options.dimension = Number(value)
    else if (name === "--only" && value !== "") options.only = value
    else return undefined
  }
  return URL.canParse(url) ? options : undefined
}

/** How many promises were broken. */
async function check(client: Client, only: string): Promise<number> {
  let broken = 0
  for (const { name, needs = [], check } of contractPromises.filter((each) => each.name.includes(only))) {
    const missing = needs.filter((need) => !client.capabilities.includes(need))
    if (missing.length > 0) {
      console.log(`-  ${name} (not asked: no ${missing.join(", ")})`)
      continue
    }
    const started = performance.now()
    try {
      await check(client)
      console.log(`ok ${name} (${Math.round(performance.now() - started)} ms)`)
    } catch (error) {
      broken++
      console.log(`NO ${name}\n   ${reasonOf(error).replaceAll("\n", "\n   ")}`)
    }
  }
  return broken
}

const options = optionsOf(process.argv.slice(2))
if (options === undefined) {
  console.error(usage)
  process.exit(2)
}
try {
  const client = await createClient(options.url, options)
  const broken = await check(client, options.only)
  console.log(broken === 0 ? "\nEvery promise is kept." : `\n${broken} promises are broken.`)
  process.exitCode = broken === 0 ? 0 : 1
} catch (error) {
  console.error(`no memory plugin answers at ${options.url}: ${reasonOf(error)}`)
  process.exitCode = 2
}
