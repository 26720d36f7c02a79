import type { Stage } from "@engram/contracts/ports"
import { type Environment, type Mistake, readSettings } from "./read-settings.ts"

/** Everything a process is told from outside. A part left out means its embedded stand-in. */
export interface Config {
  /** Absolute. */
  readonly dataDir: string
  readonly databaseUrl?: string
  readonly redisUrl?: string
  readonly upstash?: { readonly url: string; readonly token: string }
  readonly s3?: {
    readonly bucket: string
    readonly region: string
    readonly endpoint?: string
    /** Left out: the SDK finds credentials itself (profile, role). */
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  readonly pinecone?: { readonly apiKey: string; readonly controllerHost?: string }
  readonly cohere?: { readonly apiKey: string; readonly baseUrl?: string }
  /** Where evaluations are shown beside Postgres. */
  readonly braintrust?: { readonly apiKey: string; readonly project: string; readonly appUrl?: string }
  /** Where GitHub's API is, if not at api.github.com, and what the command line calls it with. */
  readonly github: { readonly apiUrl?: string; readonly token?: string }
  /** Other addresses of their APIs than their own. */
  readonly linear: { readonly apiUrl?: string }
  readonly slack: { readonly apiUrl?: string }
  readonly notion: { readonly baseUrl?: string }
  /** What a store gets that has no vectors yet; those that exist keep theirs, until `engram reindex` gives them another. */
  readonly embedding: { readonly model: string; readonly dimension: number }
  /** Left out without Cohere's key, or where extracts are asked for: then summaries are put together from sentences of the evidence. */
  readonly summaries?: { readonly model: string }
  /** Left out with the embedded database only: made on first run. */
  readonly secretKey?: string
  readonly host: string
  readonly ports: {
    readonly ingest: number
    readonly memory: number
    readonly search: number
    readonly worker: number
    readonly nightly: number
  }
  /** The memory plugin's: where it listens, and the one workspace and store it serves. */
  readonly memory: {
    readonly host: string
    readonly public: boolean
    readonly socket?: string
    readonly workspaceId: string
    readonly storeName: string
  }
  readonly logLevel: string
  readonly stages: readonly Stage[]
  /** Where spans are sent, as OTLP over HTTP. */
  readonly tracesUrl?: string
  readonly workerConcurrency: number
  readonly workerLeaseMs: number
  /** When workspaces' nights begin, in seconds of their local day. */
  readonly nightWindow: { readonly fromSecond: number; readonly untilSecond: number }
  /** How long a night's run may take, and each step after it. */
  readonly nightStepTimeoutMs: number
  readonly ingestBodiesBytesMax: number
  readonly ingestBacklogMax: number
}

/** All mistakes of the environment at once, one a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError"
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ setting, words }) => `  ${setting} ${words}`)
    super(`${mistakes.length === 1 ? "a setting is" : `${mistakes.length} settings are`} wrong:\n${lines.join("\n")}`)
    this.mistakes = mistakes
  }
}

export const localModel = "local-hash-v1"
/** Asks nobody. */
export const extractModel = "extract"
/** Active by Cohere's list of models and of deprecations (docs.cohere.com/docs/models), cites, and does not reason, which would be paid for. */
const chatModel = "command-a-03-2025"

/** What a model can give, by its documentation, the default first. A model not listed is taken at its word. */
const dimensions: { readonly [model: string]: readonly number[] } = {
  "embed-v4.0": [1024, 256, 512, 1536],
  "embed-english-v3.0": [1024],
  "embed-multilingual-v3.0": [1024],
  "embed-english-light-v3.0": [384],
  "embed-multilingual-light-v3.0": [384],
}

const megabyte = 1_048_576

/** Reads the settings once; an empty one counts as not set. Throws one `ConfigError` with every mistake there is. */
export function readConfig(environment: Environment): Config {
  const { values, mistakes } = readSettings(environment)
  mistakes.push(...crossChecks(values))
  if (mistakes.length > 0) throw new ConfigError(mistakes)

  const model = values.EMBEDDING_MODEL ?? (values.COHERE_API_KEY ? "embed-v4.0" : localModel)
  return definedOnly({
    dataDir: values.ENGRAM_DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    upstash: both({ url: values.UPSTASH_REDIS_REST_URL, token: values.UPSTASH_REDIS_REST_TOKEN }),
    s3: values.S3_BUCKET
      ? definedOnly({
          bucket: values.S3_BUCKET,
          region: values.AWS_REGION ?? "us-east-1",
          endpoint: values.S3_ENDPOINT,
          credentials: both({ accessKeyId: values.AWS_ACCESS_KEY_ID, secretAccessKey: values.AWS_SECRET_ACCESS_KEY }),
        })
      : undefined,
    pinecone: values.PINECONE_API_KEY
      ? definedOnly({ apiKey: values.PINECONE_API_KEY, controllerHost: values.PINECONE_CONTROLLER_HOST })
      : undefined,
    cohere: values.COHERE_API_KEY
      ? definedOnly({ apiKey: values.COHERE_API_KEY, baseUrl: values.COHERE_BASE_URL })
      : undefined,
    braintrust: values.BRAINTRUST_API_KEY
      ? definedOnly({
          apiKey: values.BRAINTRUST_API_KEY,
          project: values.BRAINTRUST_PROJECT,
          appUrl: values.BRAINTRUST_APP_URL,
        })
      : undefined,
    github: definedOnly({ apiUrl: values.GITHUB_API_URL, token: values.GITHUB_TOKEN }),
    linear: definedOnly({ apiUrl: values.LINEAR_API_URL }),
    slack: definedOnly({ apiUrl: values.SLACK_API_URL }),
    notion: definedOnly({ baseUrl: values.NOTION_BASE_URL }),
    embedding: { model, dimension: values.EMBEDDING_DIMENSION ?? dimensions[model]?.[0] ?? 512 },
    summaries: summariesOf(values),
    secretKey: values.ENGRAM_SECRET_KEY,
    host: values.HOST,
    ports: {
      ingest: values.INGEST_PORT,
      memory: values.MEMORY_PORT,
      search: values.SEARCH_PORT,
      worker: values.WORKER_PORT,
      nightly: values.NIGHTLY_PORT,
    },
    memory: definedOnly({
      host: values.MEMORY_HOST,
      public: values.MEMORY_PUBLIC,
      socket: values.MEMORY_SOCKET,
      workspaceId: values.MEMORY_WORKSPACE,
      storeName: values.MEMORY_STORE,
    }),
    logLevel: values.LOG_LEVEL,
    tracesUrl: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    stages: values.STAGES,
    workerConcurrency: values.WORKER_CONCURRENCY,
    workerLeaseMs: values.WORKER_LEASE_MS,
    nightWindow: values.NIGHTLY_WINDOW,
    nightStepTimeoutMs: values.NIGHTLY_STEP_TIMEOUT_MS,
    ingestBodiesBytesMax: values.INGEST_BODIES_MB * megabyte,
    ingestBacklogMax: values.INGEST_BACKLOG_MAX,
  }) satisfies Config
}

type Values = ReturnType<typeof readSettings>["values"]

function summariesOf({ COHERE_API_KEY: key, SUMMARY_MODEL: model = chatModel }: Values) {
  return key && model !== extractModel ? { model } : undefined
}

/** What is right by itself and wrong together. */
function crossChecks(values: Values): Mistake[] {
  const mistakes: Mistake[] = []
  const say = (setting: string, words: string) => mistakes.push({ setting, words })
  const isSet = (name: keyof Values) => values[name] !== undefined
  const needs = (name: keyof Values, other: keyof Values, why: string) => {
    if (isSet(name) && !isSet(other)) say(other, `is not set, but ${name} is: ${why}`)
  }

  needs("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", "set both, or neither")
  needs("UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL", "set both, or neither")
  needs("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "set both, or neither")
  needs("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "set both, or neither")
  needs("S3_ENDPOINT", "S3_BUCKET", "name the bucket to use there")
  needs("PINECONE_CONTROLLER_HOST", "PINECONE_API_KEY", "the host is of no use without a key")
  needs("COHERE_BASE_URL", "COHERE_API_KEY", "the URL is of no use without a key")
  needs("BRAINTRUST_APP_URL", "BRAINTRUST_API_KEY", "the URL is of no use without a key")
  needs("DATABASE_URL", "ENGRAM_SECRET_KEY", "webhook secrets are sealed with it; make one with `openssl rand -hex 32`")
  if (isSet("S3_BUCKET") && !isSet("AWS_REGION") && !isSet("S3_ENDPOINT")) {
    say("AWS_REGION", "is not set, but S3_BUCKET is: name the bucket's region")
  }
  if (!isSet("COHERE_API_KEY") && isSet("SUMMARY_MODEL") && values.SUMMARY_MODEL !== extractModel) {
    const words = `is "${values.SUMMARY_MODEL}", which needs COHERE_API_KEY; without a key there is only ${extractModel}`
    say("SUMMARY_MODEL", words)
  }
  mistakes.push(...embeddingMistakes(values))
  return mistakes
}

function embeddingMistakes(values: Values): Mistake[] {
  const { EMBEDDING_MODEL: model, EMBEDDING_DIMENSION: dimension, COHERE_API_KEY: key } = values
  const mistakes: Mistake[] = []
  if (!key && model !== undefined && model !== localModel) {
    const words = `is "${model}", which needs COHERE_API_KEY; without a key there is only ${localModel}`
    mistakes.push({ setting: "EMBEDDING_MODEL", words })
  }
  const legal = dimensions[model ?? (key ? "embed-v4.0" : localModel)]
  if (dimension !== undefined && legal && !legal.includes(dimension)) {
    const words = `is ${dimension}, but ${model ?? "embed-v4.0"} gives ${legal.toSorted((a, b) => a - b).join(", ")}`
    mistakes.push({ setting: "EMBEDDING_DIMENSION", words })
  }
  return mistakes
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Without the members that are undefined, as `exactOptionalPropertyTypes` wants them. */
function definedOnly<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>
}

function both<A extends string, B extends string>(pair: { [K in A | B]: string | undefined }) {
  const complete = Object.values(pair).every((value) => value !== undefined)
  return complete ? (pair as { [K in A | B]: string }) : undefined
}
