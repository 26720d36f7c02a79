import type { Log } from "@engram/contracts/ports"

export interface LogLine {
  readonly level: keyof Log
  readonly fields: Record<string, unknown>
  readonly message: string
}

/** A log that keeps its lines for a test to read. */
export function memoryLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: keyof Log) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...fields }, message })
  }
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines }
}
