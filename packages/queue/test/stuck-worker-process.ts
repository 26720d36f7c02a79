import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { QueueAt } from "@engram/queue/open-backend"
import type { LaneQueueTestLimits } from "@engram/testkit/lane-queue-promises"

/** Starts stuck-worker.ts and resolves when it has begun its turn. */
export async function startStuckWorker(at: QueueAt, limits: LaneQueueTestLimits): Promise<{ kill(): Promise<void> }> {
  const script = join(import.meta.dirname, "stuck-worker.ts")
  const child = spawn(process.execPath, [script, JSON.stringify(at), JSON.stringify(limits)], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => {
      throw new Error("the worker process ended before its turn")
    }),
  ])
  return {
    kill: async () => {
      const ended = once(child, "exit")
      child.kill("SIGKILL")
      await ended
    },
  }
}
