import Table from "cli-table3"
import type { Terminal } from "./terminal.ts"

const noLines = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
}

/** Columns by spaces alone, so that it can be read, cut and grepped. */
export function table(terminal: Terminal, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = new Table({
    chars: noLines,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    head: head.map((name) => terminal.style("dim", name)),
  })
  lines.push(...rows.map((row) => [...row]))
  return lines
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
}
