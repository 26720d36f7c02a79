import { type DestinationStream, type Logger, pino } from "pino"
import { masked } from "./masked.ts"

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
    hooks: { streamWrite: masked },
  }
  return options.destination ? pino(settings, options.destination) : pino(settings)
}
