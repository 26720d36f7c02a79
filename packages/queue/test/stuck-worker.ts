import { createLaneQueue } from "@engram/queue/lane-queue"

/** A process that takes one turn, says so, and never ends it. */
const [at = "", limits = ""] = process.argv.slice(2)
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const queue = await createLaneQueue(JSON.parse(at), silent, JSON.parse(limits))
await queue.run("normalize", 1, () => {
  process.stdout.write("taken\n")
  return new Promise(() => {})
})
