import { randomBytes } from "node:crypto"
import { link, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "./config.ts"
import { makeDataDir } from "./data-dir.ts"

/** ENGRAM_SECRET_KEY or, where it is not set, the key in the data directory, made on first use. Processes that start at once agree on one. */
export async function secretKeyOf(config: Pick<Config, "secretKey" | "dataDir">): Promise<string> {
  if (config.secretKey !== undefined) return config.secretKey
  const file = join(config.dataDir, "secret.key")
  const known = await readKey(file)
  if (known !== undefined) return known

  makeDataDir(config)
  const draft = `${file}.${randomBytes(6).toString("hex")}`
  await writeFile(draft, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 })
  // A link to a name that exists fails: the first one stands, and it is never seen half written.
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error
  })
  await rm(draft)
  const made = await readKey(file)
  if (made !== undefined) return made
  throw new Error(`${file} is empty: put the key back, or remove the file where nothing is sealed with it yet`)
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim() || undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}
