import type { Terminal } from "../terminal.ts"
import { count, duration } from "../words.ts"

const barWidth = 24
const plainEveryMs = 5_000

export interface Progress {
  /** `done` of `total`, and how many requests were sent again. */
  show(done: number, retries: number): void
}

/** A bar where it can be seen; elsewhere a line now and then, so that a log shows that something moves. */
export function createProgress(terminal: Terminal, total: number): Progress {
  const startedAt = performance.now()
  let saidAt = startedAt
  return {
    show(done, retries) {
      const seconds = (performance.now() - startedAt) / 1_000
      const rate = seconds > 0 ? done / seconds : 0
      const share = total > 0 ? Math.min(1, done / total) : 1
      const left = rate > 0 && done < total ? `, ${duration(((total - done) / rate) * 1_000)} left` : ""
      const again = retries > 0 ? `, ${count(retries, "request")} sent again` : ""
      const words = `${count(done, "row")} of ${total.toLocaleString("en")}, ${Math.round(rate)} rows/s${left}${again}`
      if (terminal.updates) {
        const filled = Math.round(share * barWidth)
        terminal.update(`${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${Math.floor(share * 100)}%  ${words}`)
      } else if (performance.now() - saidAt >= plainEveryMs) {
        saidAt = performance.now()
        terminal.note(words)
      }
    },
  }
}
