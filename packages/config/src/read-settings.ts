import { resolve } from "node:path"
import { stages } from "@engram/contracts/ports"
import { z } from "zod"
import { isSendable, sendableInWords } from "./sendable.ts"

export type Environment = { readonly [name: string]: string | undefined }

/** A setting and what is wrong with it, as the second half of a sentence. Never holds a secret. */
export interface Mistake {
  readonly setting: string
  readonly words: string
}

const url = (...protocols: string[]) =>
  z.string().superRefine((text, context) => {
    const begins = protocols.some((protocol) => text.toLowerCase().startsWith(`${protocol}:`))
    if (begins && URL.canParse(text)) return
    const words = protocols.map((protocol) => `${protocol}://`).join(" or ")
    context.addIssue({ code: "custom", message: begins ? readable(text) : `a URL that begins with ${words}` })
  })

/** What is wanted of a URL that cannot be read, as `URL` does not tell. */
function readable(text: string): string {
  if (URL.canParse(text.replace(/:\d+(?=[/?#]|$)/, ""))) return "a URL with a port from 0 to 65535"
  return text.includes("@")
    ? "a URL that can be read: in its password / ? # @ : are written %2F %3F %23 %40 %3A"
    : "a URL that can be read: its host or port is none"
}

const whole = (from: number, to: number) =>
  z
    .string()
    .refine(
      (text) => /^\d+$/.test(text) && Number(text) >= from && Number(text) <= to,
      `a whole number from ${from} to ${to}`,
    )
    .transform(Number)
const oneOf = (...words: string[]) => z.string().refine((text) => words.includes(text), `one of ${words.join(", ")}`)
const someOf = <Word extends string>(words: readonly Word[]) =>
  z
    .string()
    .transform((text) => text.split(",").map((word) => word.trim()))
    .refine((given) => given.every((word) => words.some((known) => known === word)), `a list out of ${words.join(",")}`)
    .transform((given) => words.filter((word) => given.includes(word)))
const text = z.string()
/** What a header is sent with. A hint at what stands in it otherwise, since it is never shown. */
const credential = text.refine(isSendable, `${sendableInWords}, pasted whole`)
const timesOfDay = text.transform((given, context) => {
  const [, ...digits] = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(given) ?? []
  const [fromHour = 0, fromMinute = 0, untilHour = 0, untilMinute = 0] = digits.map(Number)
  const window = { fromSecond: (fromHour * 60 + fromMinute) * 60, untilSecond: (untilHour * 60 + untilMinute) * 60 }
  if (window.fromSecond < window.untilSecond) return window
  context.addIssue({ code: "custom", message: "two times of one day, the earlier one first, like 02:00-05:00" })
  return z.NEVER
})
const name = text.refine(
  (given) => /^[a-z0-9][a-z0-9-]{0,39}$/.test(given),
  "1 to 40 lowercase letters, digits or hyphens, not beginning with a hyphen",
)

/** Every setting there is, what it may be, and what it is when it is not set. */
const settings = z.object({
  ENGRAM_DATA_DIR: text.default(".engram").transform((path) => resolve(path)),
  DATABASE_URL: url("postgres", "postgresql").optional(),
  REDIS_URL: url("redis", "rediss").optional(),
  UPSTASH_REDIS_REST_URL: url("https", "http").optional(),
  UPSTASH_REDIS_REST_TOKEN: credential.optional(),
  S3_BUCKET: text.refine((name) => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name), "a bucket's name").optional(),
  AWS_REGION: text.optional(),
  AWS_ACCESS_KEY_ID: credential.optional(),
  AWS_SECRET_ACCESS_KEY: text.optional(),
  S3_ENDPOINT: url("https", "http").optional(),
  PINECONE_API_KEY: credential.optional(),
  PINECONE_CONTROLLER_HOST: url("https", "http").optional(),
  COHERE_API_KEY: credential.optional(),
  COHERE_BASE_URL: url("https", "http").optional(),
  GITHUB_API_URL: url("https", "http").optional(),
  GITHUB_TOKEN: credential.optional(),
  /** Other addresses of their APIs than their own: a proxy, or a stand-in. */
  LINEAR_API_URL: url("https", "http").optional(),
  SLACK_API_URL: url("https", "http").optional(),
  NOTION_BASE_URL: url("https", "http").optional(),
  /** Evaluations are shown there too: figures and ids, no texts. */
  BRAINTRUST_API_KEY: credential.optional(),
  BRAINTRUST_PROJECT: text.default("engram"),
  BRAINTRUST_APP_URL: url("https", "http").optional(),
  EMBEDDING_MODEL: text.optional(),
  EMBEDDING_DIMENSION: whole(16, 4_096).optional(),
  /** What writes summaries; without a key they are extracts. */
  SUMMARY_MODEL: text.optional(),
  ENGRAM_SECRET_KEY: text
    .refine((key) => key.length >= 16, "at least 16 characters, better 32 random bytes")
    .optional(),
  HOST: text.default("127.0.0.1"),
  INGEST_PORT: whole(0, 65_535).default(8_080),
  MEMORY_PORT: whole(0, 65_535).default(9_100),
  /** The memory plugin knows no users, so it has a host of its own; one that others reach needs MEMORY_PUBLIC too. */
  MEMORY_HOST: text.default("127.0.0.1"),
  MEMORY_PUBLIC: oneOf("true", "false")
    .default("false")
    .transform((word) => word === "true"),
  /** A unix socket to listen on, instead of host and port. */
  MEMORY_SOCKET: text.refine((path) => path.length <= 100, "a path of at most 100 characters").optional(),
  MEMORY_WORKSPACE: name.default("default"),
  MEMORY_STORE: name.default("memories"),
  SEARCH_PORT: whole(0, 65_535).default(8_081),
  WORKER_PORT: whole(0, 65_535).default(8_082),
  NIGHTLY_PORT: whole(0, 65_535).default(8_083),
  /** Between which local times nights begin, each workspace's at its own moment. */
  NIGHTLY_WINDOW: timesOfDay.default({ fromSecond: 7_200, untilSecond: 18_000 }),
  /** A run, or a step after it, that takes longer is given up. A model that takes 5 s writes some 2,800 summaries in an hour, and they stay. */
  NIGHTLY_STEP_TIMEOUT_MS: whole(1_000, 86_400_000).default(3_600_000),
  /** Of a collector that takes OTLP over HTTP; its other variables are read by OpenTelemetry's own library. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url("https", "http").optional(),
  LOG_LEVEL: oneOf("fatal", "error", "warn", "info", "debug", "trace", "silent").default("info"),
  STAGES: someOf(stages).default([...stages]),
  WORKER_CONCURRENCY: whole(1, 64).default(2),
  /** How long what a killed worker held stays with it before another takes over. */
  WORKER_LEASE_MS: whole(1_000, 3_600_000).default(30_000),
  /** Memory for webhook bodies in flight; one body may have 25. */
  INGEST_BODIES_MB: whole(25, 65_536).default(256),
  /** Deliveries of a workspace that may wait before `POST /v1/events` answers 429. */
  INGEST_BACKLOG_MAX: whole(1, 100_000_000).default(50_000),
})

type Values = z.output<typeof settings>

/** Settings whose value nobody gets to see. URLs are shown without what may be a password in them. */
const secretSettings: ReadonlySet<string> = new Set([
  "UPSTASH_REDIS_REST_TOKEN",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "PINECONE_API_KEY",
  "BRAINTRUST_API_KEY",
  "COHERE_API_KEY",
  "GITHUB_TOKEN",
  "ENGRAM_SECRET_KEY",
])

/** A value as it may be shown. */
export function masked(setting: string, value: string): string {
  if (secretSettings.has(setting)) return "(hidden)"
  // A password that was not escaped may hold a slash.
  return value.replace(/\/\/.*@/, "//(hidden)@").replace(/\?.*$/, "?(hidden)")
}

/** The values that are right, and every mistake in the others. */
export function readSettings(environment: Environment): { values: Values; mistakes: Mistake[] } {
  const given = Object.fromEntries(
    Object.keys(settings.shape).flatMap((name) => {
      const value = environment[name]?.trim()
      return value ? [[name, value]] : []
    }),
  )
  const mistakes: Mistake[] = []
  const read = settings.safeParse(given)
  if (read.success) return { values: read.data, mistakes }

  const wrong = new Set<string>()
  for (const { path, message } of read.error.issues) {
    const setting = String(path[0])
    wrong.add(setting)
    mistakes.push({ setting, words: `is ${shown(setting, given[setting] ?? "")}: expected ${message}` })
  }
  // The others are read all the same, so that what is wrong between them is reported in the same breath.
  const rest = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name)))
  return { values: settings.parse(rest), mistakes }
}

const shown = (setting: string, value: string): string =>
  secretSettings.has(setting) ? "(hidden)" : `"${masked(setting, value)}"`
