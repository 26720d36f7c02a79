#!/usr/bin/env node
// Runs a word of the root package.json with everything it needs: pinned pnpm, the workspace's dependencies and Node 24
// are installed first if they are not there yet. Needs Node 20 and npm, and nothing that npm install has made.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const bin = join(root, "node_modules", ".bin")
const stamp = join(root, "node_modules", ".engram-setup")

/** What each word runs, one command after the other; arguments go to the last. */
const words = {
  engram: [startOf("apps/cli")],
  test: [["vitest", "run"]],
  check: [
    ["biome", "check", "--error-on-warnings", "."],
    ["node", "scripts/check-layers.mjs"],
    ["knip"],
    ["turbo", "run", "typecheck", "--output-logs=errors-only", "--concurrency=2"],
  ],
  contract: [["node", "--disable-warning=ExperimentalWarning", "test/contract/main.ts"]],
  bench: [["node", "--disable-warning=ExperimentalWarning", "test/bench/main.ts"]],
  format: [["biome", "check", "--write", "."]],
}

/** The command in its package.json, from here. */
function startOf(folder) {
  const command = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).scripts.start.split(" ")
  return [...command.slice(0, -1), `${folder}/${command.at(-1)}`]
}

async function main([word = "", ...args]) {
  const commands = words[word]
  if (commands === undefined) return fail(`no word "${word}"; there are: ${Object.keys(words).join(", ")}`)
  setUp()
  for (const [index, [command, ...given]] of commands.entries()) {
    const status = await run(command, index === commands.length - 1 ? [...given, ...args] : given)
    if (status !== 0) process.exit(status)
  }
}

/** Once per lock file: later runs start in no time. */
function setUp() {
  const wanted = fingerprint()
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  console.error(`setting up with ${packageManager} (once, about a minute)…`)
  const install = ["--yes", packageManager, "install", "--frozen-lockfile", "--reporter=silent"]
  const { status } = spawnSync("npx", install, { cwd: root, stdio: ["ignore", 2, 2] })
  if (status !== 0) fail("installing the dependencies failed; is the package registry reachable?")
  writeFileSync(stamp, wanted)
}

function fingerprint() {
  const hash = createHash("sha256")
  for (const file of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"])
    hash.update(readFileSync(join(root, file)))
  return hash.digest("hex")
}

/**
 * The command as the workspace has it, with Node 24 first on the PATH. Asked to stop, it is left to end in its own time: the
 * terminal has told it of Ctrl-C already, of SIGTERM it hears from here.
 */
function run(command, args) {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: "1" }
  // pnpm's own `node` is a shell that keeps signals to itself.
  const file = command === "node" ? join(root, "node_modules", "node", "bin", "node") : join(bin, command)
  const child = spawn(file, args, { cwd: root, stdio: "inherit", env })
  const pass = () => child.kill("SIGTERM")
  const wait = () => {}
  process.on("SIGTERM", pass).on("SIGINT", wait)
  return new Promise((resolve) => {
    child.on("error", (error) => fail(`cannot run ${command}: ${error.message}`))
    child.on("close", (status) => {
      process.off("SIGTERM", pass).off("SIGINT", wait)
      resolve(status ?? 1)
    })
  })
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

await main(process.argv.slice(2))
