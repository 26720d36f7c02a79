import type { Terminal } from "./terminal.ts"

/** How often a terminal that cannot be overwritten is told. */
const noteEveryMs = 10_000

/** Shows how far a long command is, on standard error: in place where that can be, else a line now and then. */
export function progressOn(terminal: Terminal): (line: string) => void {
  let notedAt = performance.now()
  return (line) => {
    if (terminal.updates) terminal.update(line)
    else if (performance.now() - notedAt >= noteEveryMs) {
      notedAt = performance.now()
      terminal.note(line)
    }
  }
}
