import type { Terminal } from "./terminal.ts"

/** How often a terminal that cannot be overwritten is told. */
export const noteEveryMs = 10_000

/** Shows how far a long command is, on standard error: in place where that can be, else a line now and then, and all news. */
export function progressOn(terminal: Terminal): (line: string, isNews?: boolean) => void {
  let notedAt = performance.now()
  return (line, isNews = false) => {
    if (terminal.updates) terminal.update(line)
    else if (isNews || performance.now() - notedAt >= noteEveryMs) {
      notedAt = performance.now()
      terminal.note(line)
    }
  }
}
