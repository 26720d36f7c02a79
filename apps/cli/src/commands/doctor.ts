import type { Config } from "@engram/config/config"
import { describeConfig } from "@engram/config/describe-config"
import { secretKeyOf } from "@engram/config/secret-key"
import { type Checks, readiness } from "@engram/observability/health"
import {
  openArtifacts,
  openBoard,
  openCache,
  openEmbedder,
  openSummaryWriter,
  openVectors,
} from "@engram/platform/open-ports"
import { openQueue } from "@engram/platform/open-queue"
import { createConnections } from "@engram/store/connections"
import { createSealer } from "@engram/store/sealing"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, type Parts, withParts } from "../open.ts"
import { duration } from "../words.ts"

interface Diagnosis {
  readonly part: string
  readonly choice: string
  readonly follows: string
  /** Left out where there is nothing to ask. */
  readonly ok?: boolean
  readonly latencyMs?: number
  readonly error?: string
  readonly todo?: string
}

/** More than each part gives itself, so that it says in its own words why it does not answer. */
const checkTimeoutMs = 10_000

export function addDoctor(program: Command, context: Context): void {
  program
    .command("doctor")
    .description("Explain what the settings come to, ask each configured system, and say what to do about what fails.")
    .option("--json", "print {ok, parts} as JSON")
    .addHelpText("after", "\nExits with 1 when a system fails.\n\nExample:\n  DATABASE_URL=postgres://… engram doctor")
    .action((options: { json?: true }) =>
      withParts(context, async (parts) => {
        const diagnoses = await diagnose(parts)
        const ok = diagnoses.every((each) => each.ok !== false)
        context.terminal.print(options.json ? JSON.stringify({ ok, parts: diagnoses }) : inWords(context, diagnoses))
        const failed = diagnoses.filter((each) => each.ok === false).map(({ part }) => part)
        if (!ok) throw new Error(`not well: ${failed.join(", ")}`)
      }),
    )
}

async function diagnose(parts: Parts): Promise<Diagnosis[]> {
  const checks = await checksOf(parts)
  const { dependencies } = (await readiness({ checks, isStopping: () => false, timeoutMs: checkTimeoutMs })).body
  const todo = todoOf(parts.config)
  return describeConfig(parts.config).map((choice) => {
    const finding = dependencies[choice.part]
    if (finding === undefined || finding.ok) return { ...choice, ...finding }
    return { ...choice, ...finding, todo: todo[choice.part] ?? "" }
  })
}

/**
 * By the part's name in `describeConfig`. All are opened before any is asked: to load an SDK, or to start Postgres, takes
 * longer than a check may.
 */
async function checksOf(parts: Parts): Promise<Checks> {
  const { config, lifecycle, log } = parts
  const opening = openCommandDatabase(parts)
  const queue = async () => {
    const databaseUrl = config.redisUrl === undefined ? (await opening).databaseUrl : ""
    return openQueue({ ...parts, databaseUrl })
  }
  const secrets = async () => {
    const { database } = await opening
    const connections = createConnections({ database, sealer: createSealer(await secretKeyOf(config)) })
    const refuse = (error: Error): never => {
      throw error
    }
    return { check: () => connections.checkSecretKey(refuse) }
  }
  const openings = {
    database: opening.then(({ database }) => database),
    queue: queue(),
    cache: openCache(config, parts),
    artifacts: openArtifacts(config, lifecycle),
    vectors: openVectors(config, lifecycle),
    embeddings: openEmbedder(config),
    ...(config.braintrust && { evaluations: openBoard(config) }),
    ...(config.summaries && { summaries: openSummaryWriter(config, log) }),
    "webhook secrets": secrets(),
  }
  await Promise.allSettled(Object.values(openings))
  return Object.fromEntries(
    Object.entries(openings).map(([part, opened]) => [part, async () => (await opened)?.check()]),
  )
}

const todoOf = (config: Config): { readonly [part: string]: string } => ({
  database: config.databaseUrl
    ? "is the server running, reachable from here, and the user, password and database in DATABASE_URL right? `engram migrate` if it lacks migrations"
    : `is ${config.dataDir} writable and yours? its pg.log tells more; or set DATABASE_URL`,
  queue: config.redisUrl
    ? "is Redis running at REDIS_URL, and the password right?"
    : "the queue is in the database: see there",
  cache: config.upstash
    ? "check UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN; meanwhile reading is slower, and right"
    : "is Redis running at REDIS_URL? meanwhile reading is slower, and right",
  artifacts: config.s3
    ? "does the bucket exist, in this region or at S3_ENDPOINT, and may these keys read and write it?"
    : `is ${config.dataDir}/artifacts writable?`,
  vectors: config.pinecone ? "check PINECONE_API_KEY and the network" : `is ${config.dataDir} writable?`,
  embeddings: config.cohere ? "check COHERE_API_KEY, EMBEDDING_MODEL and the network" : "",
  evaluations: "check BRAINTRUST_API_KEY, BRAINTRUST_PROJECT and the network; meanwhile figures are in Postgres",
  summaries: "check COHERE_API_KEY, SUMMARY_MODEL and the network; meanwhile extracts stand in",
  "webhook secrets":
    "set the ENGRAM_SECRET_KEY they were sealed with or, if it is lost, give each a new secret: `engram connect … --rotate`",
})

function inWords({ terminal }: Context, diagnoses: readonly Diagnosis[]): string {
  const mark = ({ ok }: Diagnosis): string => {
    if (ok === undefined) return terminal.style("dim", "·")
    return ok ? terminal.style("green", "✓") : terminal.style("red", "✗")
  }
  return diagnoses
    .flatMap((each) => [
      `${mark(each)} ${terminal.style("bold", each.part.padEnd(16))}${each.choice}${each.ok ? terminal.style("dim", `  ${duration(each.latencyMs ?? 0)}`) : ""}`,
      `${" ".repeat(18)}${terminal.style("dim", each.follows)}`,
      ...(each.error ? [`${" ".repeat(18)}${terminal.style("red", each.error)}`] : []),
      ...(each.todo ? [`${" ".repeat(18)}→ ${each.todo}`] : []),
    ])
    .join("\n")
}
