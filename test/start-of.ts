import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export type App = "ingest" | "worker" | "nightly" | "memory" | "cli"

/** How an app is started by whoever follows its package.json, as the image and `npm run engram` do: what Node is told, and the file that it runs. */
export function startOf(app: App): { readonly nodeArgs: readonly string[]; readonly main: string } {
  const file = (path: string): string => fileURLToPath(new URL(`../apps/${app}/${path}`, import.meta.url))
  const [node, ...args] = String(JSON.parse(readFileSync(file("package.json"), "utf8")).scripts.start).split(" ")
  const main = args.pop()
  if (node !== "node" || main === undefined) throw new Error(`apps/${app}/package.json does not start Node`)
  return { nodeArgs: args, main: file(main) }
}
