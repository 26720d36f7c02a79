import { setTimeout as wait } from "node:timers/promises"

/**
 * Runs `assert` again and again until it no longer throws, and throws its last error when `deadlineMs` have passed.
 * For what a system promises to reach, not to be at.
 */
export async function eventually(assert: () => Promise<void> | void, deadlineMs = 10_000): Promise<void> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    try {
      return await assert()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await wait(10)
  }
}
