import { type DestinationStream, type Logger, pino } from "pino"

/** What is never written, wherever it turns up in a line: passwords inside URLs, and API keys. */
const secretsInText: readonly [pattern: RegExp, replacement: string][] = [
  [/(\w+:\/\/[^\s:@/"]*):[^\s@/"]+@/g, "$1:[secret]@"],
  [/engram_sk_[A-Za-z0-9_-]+/g, "engram_sk_[secret]"],
]

const secretFields = ["secret", "secrets", "password", "token", "apiKey", "secretKey", "authorization"]

/**
 * JSON lines, fields before message, one line per job. Fields named like a secret, at the top or one level down, passwords in
 * URLs and API keys are masked. Writes to standard output unless given a `destination`.
 */
export function createLog(options: { level: string; name: string; destination?: DestinationStream }): Logger {
  const settings = {
    level: options.level,
    base: { name: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: "[secret]" },
    hooks: {
      streamWrite: (line: string) =>
        secretsInText.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line),
    },
  }
  return options.destination ? pino(settings, options.destination) : pino(settings)
}
