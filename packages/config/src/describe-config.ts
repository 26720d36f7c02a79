import { type Config, localModel } from "./config.ts"
import { masked } from "./read-settings.ts"

/** One part of the system: what was chosen for it, and what follows from that. */
export interface Choice {
  readonly part: string
  readonly choice: string
  readonly follows: string
}

/** What the settings come to, in words, without secrets: for `engram doctor`. */
export function describeConfig(config: Config): Choice[] {
  return [database(config), queue(config), cache(config), artifacts(config), vectors(config), embeddings(config)]
    .concat(summaries(config), evaluations(config), secrets(config), traces(config))
    .concat(doors(config), memory(config), worker(config), nights(config))
}

const database = ({ databaseUrl, dataDir }: Config): Choice =>
  databaseUrl
    ? {
        part: "database",
        choice: masked("DATABASE_URL", databaseUrl),
        follows: "an external Postgres is the truth; back it up",
      }
    : {
        part: "database",
        choice: "embedded Postgres",
        follows: `its data is in ${dataDir}/pg; set DATABASE_URL for another`,
      }

const queue = ({ redisUrl }: Config): Choice =>
  redisUrl
    ? { part: "queue", choice: masked("REDIS_URL", redisUrl), follows: "BullMQ on Redis; losing it loses nothing" }
    : {
        part: "queue",
        choice: "in the database",
        follows: "BullMQ on Postgres, about a fifth of Redis' rate; set REDIS_URL",
      }

function cache({ upstash, redisUrl }: Config): Choice {
  if (upstash) return { part: "cache", choice: masked("", upstash.url), follows: "Upstash by REST" }
  if (redisUrl) return { part: "cache", choice: masked("REDIS_URL", redisUrl), follows: "shared by all processes" }
  return { part: "cache", choice: "in each process", follows: "up to date within its own process only" }
}

const artifacts = ({ s3, dataDir }: Config): Choice =>
  s3
    ? {
        part: "artifacts",
        choice: `s3://${s3.bucket}${s3.endpoint ? ` at ${masked("", s3.endpoint)}` : ` in ${s3.region}`}`,
        follows: s3.credentials ? "with the keys that are set" : "with the credentials the AWS SDK finds",
      }
    : {
        part: "artifacts",
        choice: `files in ${dataDir}/artifacts`,
        follows: "of this machine only; set S3_BUCKET for several",
      }

const vectors = ({ pinecone, dataDir }: Config): Choice =>
  pinecone
    ? {
        part: "vectors",
        choice: `Pinecone${pinecone.controllerHost ? ` at ${masked("", pinecone.controllerHost)}` : ""}`,
        follows: "an index per store; what was just written is searched in Postgres",
      }
    : {
        part: "vectors",
        choice: `sqlite-vec in ${dataDir}`,
        follows: "exact search, of this machine only; set PINECONE_API_KEY",
      }

function embeddings({ cohere, embedding }: Config): Choice {
  const choice = `${embedding.model}, ${embedding.dimension} dimensions`
  const follows =
    cohere && embedding.model !== localModel
      ? "by Cohere: texts leave this machine"
      : "lexical: finds words, not meanings; set COHERE_API_KEY"
  return {
    part: "embeddings",
    choice,
    follows: `${follows}; stores that exist keep the model they have (engram reindex)`,
  }
}

const evaluations = ({ braintrust }: Config): Choice =>
  braintrust
    ? {
        part: "evaluations",
        choice: `in Postgres, and in Braintrust's project ${braintrust.project}${braintrust.appUrl ? ` at ${masked("", braintrust.appUrl)}` : ""}`,
        follows: "figures and ids are sent, no texts; its outage delays nothing",
      }
    : {
        part: "evaluations",
        choice: "in Postgres",
        follows: "`engram eval history` shows them; set BRAINTRUST_API_KEY to see them there too",
      }

const traces = ({ tracesUrl }: Config): Choice =>
  tracesUrl
    ? {
        part: "traces",
        choice: `to OpenTelemetry's collector at ${masked("", tracesUrl)}`,
        follows: "ids and times are sent, no texts; its outage delays nothing",
      }
    : { part: "traces", choice: "none", follows: "set OTEL_EXPORTER_OTLP_ENDPOINT to see where the time goes" }

const summaries = ({ cohere, summaries }: Config): Choice =>
  summaries
    ? {
        part: "summaries",
        choice: `${summaries.model}, by Cohere`,
        follows: "evidence leaves this machine; answers are checked, and extracts stand in for those that fail",
      }
    : {
        part: "summaries",
        choice: "extracts",
        follows: `sentences of the evidence, as they are; ${cohere ? "set SUMMARY_MODEL to a model of Cohere's" : "set COHERE_API_KEY"} for prose`,
      }

const secrets = ({ secretKey, dataDir }: Config): Choice =>
  secretKey
    ? { part: "webhook secrets", choice: "sealed with ENGRAM_SECRET_KEY", follows: "without that key they do not open" }
    : {
        part: "webhook secrets",
        choice: `sealed with ${dataDir}/secret.key`,
        follows: "made on first run; keep it with the data",
      }

const doors = ({ host, ports, ingestBodiesBytesMax, ingestBacklogMax }: Config): Choice => ({
  part: "doors",
  choice: `${host}: ingest ${port(ports.ingest)}, search ${port(ports.search)}`,
  follows: `${ingestBodiesBytesMax / 1_048_576} MB for bodies in flight; events wait beyond ${ingestBacklogMax} deliveries`,
})

const memory = ({ memory: { host, socket, workspaceId, storeName }, ports }: Config): Choice => ({
  part: "memory plugin",
  choice: socket ?? `${host}: ${port(ports.memory)}`,
  follows: `knows no users; serves workspace ${workspaceId}, store ${storeName}`,
})

const port = (number: number): string => (number === 0 ? "any free port" : String(number))

const worker = ({ stages, workerConcurrency, workerLeaseMs }: Config): Choice => ({
  part: "worker",
  choice: `${stages.join(", ")}`,
  follows: `${workerConcurrency} turns of each at a time; what a killed worker held is taken over after ${workerLeaseMs / 1_000} s`,
})

const nights = ({ nightWindow: { fromSecond, untilSecond } }: Config): Choice => ({
  part: "nights",
  choice: `begin from ${timeOfDay(fromSecond)} to ${timeOfDay(untilSecond)}`,
  follows: "in each workspace's time zone, one after the other; a missed one is made up for once",
})

const timeOfDay = (second: number): string =>
  [Math.floor(second / 3_600), Math.floor(second / 60) % 60].map((part) => String(part).padStart(2, "0")).join(":")
