import { enableCompileCache } from "node:module"
import { text } from "node:stream/consumers"
import { runEngram } from "./program.ts"
import { createTerminal } from "./terminal.ts"

// Commands are loaded after this; the second start of one is twice as fast.
enableCompileCache()

const stop = new AbortController()
let asked = 0
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    // One that comes at once is the same request, told by another parent; a later one does not take no for an answer.
    if (asked > 0 && Date.now() - asked > 1_000) process.exit(130)
    asked ||= Date.now()
    stop.abort()
  })
}
// Whoever reads the output may have had enough, as `head` does. What is open is closed all the same, and the rest is said to nobody.
let unwritable = false
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  unwritable ||= error.code !== "EPIPE"
  stop.abort()
})
// What is no part of the result is said to whoever is there.
process.stderr.on("error", () => {})

const terminal = createTerminal(process.stdout, process.stderr)
const context = { environment: process.env, terminal, readInput: () => text(process.stdin), stop: stop.signal }
process.exitCode = await runEngram(process.argv.slice(2), context)
// A pipe holds so much; what was said beyond that waits for its reader, and would be lost with the process.
const outputs = [process.stdout, process.stderr]
await Promise.all(outputs.map((output) => new Promise<void>((written) => output.write("", () => written()))))
if (unwritable) process.exitCode ||= 1
process.exit()
