import { styleText } from "node:util"

type Format = Parameters<typeof styleText>[0]

/** Where a command speaks: results on standard output, everything else on standard error. */
export interface Terminal {
  print(text: string): void
  /** A result that is no text: the bytes and nothing else. Resolves once they are written, however slow the reader. */
  write(bytes: Uint8Array): Promise<void>
  /** Progress, hints, logs: never part of the result. */
  note(text: string): void
  /** Replaces the line that `update` wrote last; on something that is no terminal, nothing. */
  update(text: string): void
  /** Whether `update` can be seen. */
  readonly updates: boolean
  readonly columns: number
  /** Coloured where standard output is a terminal and NO_COLOR is not set. */
  style(format: Format, text: string): string
}

export function createTerminal(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Terminal {
  const updates = stderr.isTTY === true
  let standing = false
  const clear = (): void => {
    if (standing) stderr.write("\r\x1b[K")
    standing = false
  }
  return {
    print: (text) => {
      clear()
      stdout.write(`${text}\n`)
    },
    write: (bytes) => {
      clear()
      // Whether it went wrong is heard by the listener on the stream.
      return new Promise((written) => stdout.write(bytes, () => written()))
    },
    note: (text) => {
      clear()
      stderr.write(`${text}\n`)
    },
    update: (text) => {
      if (!updates) return
      clear()
      stderr.write(text.slice(0, (stderr.columns || 80) - 1))
      standing = true
    },
    updates,
    columns: stdout.columns || 110,
    style: (format, text) => styleText(format, text, { stream: stdout }),
  }
}
