import { existsSync } from "node:fs"
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { ConfigError, readConfig } from "../src/config.ts"
import { makeDataDir } from "../src/data-dir.ts"
import { describeConfig } from "../src/describe-config.ts"
import { secretKeyOf } from "../src/secret-key.ts"

const mistakes = (environment: Record<string, string>): string[] => {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.mistakes.map(({ setting, words }) => `${setting} ${words}`)
  }
}

const external = { DATABASE_URL: "postgres://u:hunter2@db/engram", ENGRAM_SECRET_KEY: "0123456789abcdef" }

test("with nothing set everything is embedded", () => {
  expect(readConfig({})).toEqual({
    dataDir: resolve(".engram"),
    github: {},
    linear: {},
    slack: {},
    notion: {},
    memory: { host: "127.0.0.1", public: false, workspaceId: "default", storeName: "memories" },
    embedding: { model: "local-hash-v1", dimension: 512 },
    host: "127.0.0.1",
    ports: { ingest: 8080, memory: 9100, search: 8081, worker: 8082, nightly: 8083 },
    nightWindow: { fromSecond: 7_200, untilSecond: 18_000 },
    nightStepTimeoutMs: 3_600_000,
    logLevel: "info",
    stages: ["normalize", "hydrate", "embed", "archive", "evaluate"],
    workerConcurrency: 2,
    workerLeaseMs: 30_000,
    ingestBodiesBytesMax: 268_435_456,
    ingestBacklogMax: 50_000,
  })
})

test("an empty setting is one that is not set, and names of others are none of our business", () => {
  expect(readConfig({ DATABASE_URL: "", INGEST_PORT: " ", PATH: "/bin" })).toEqual(readConfig({}))
})

test("everything that can be set arrives", () => {
  const config = readConfig({
    ...external,
    ENGRAM_DATA_DIR: "some/where",
    REDIS_URL: "rediss://cache:6379",
    UPSTASH_REDIS_REST_URL: "https://up",
    UPSTASH_REDIS_REST_TOKEN: "t",
    S3_BUCKET: "engram-raw",
    S3_ENDPOINT: "http://127.0.0.1:4568",
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "s",
    PINECONE_API_KEY: "p",
    PINECONE_CONTROLLER_HOST: "http://127.0.0.1:1",
    COHERE_API_KEY: "c",
    EMBEDDING_DIMENSION: "1536",
    STAGES: "embed, normalize",
    INGEST_PORT: "0",
    NIGHTLY_WINDOW: "00:30-23:15",
    NIGHTLY_STEP_TIMEOUT_MS: "60000",
    LOG_LEVEL: "debug",
  })
  expect(config).toMatchObject({
    dataDir: resolve("some/where"),
    databaseUrl: external.DATABASE_URL,
    redisUrl: "rediss://cache:6379",
    upstash: { url: "https://up", token: "t" },
    s3: {
      bucket: "engram-raw",
      endpoint: "http://127.0.0.1:4568",
      credentials: { accessKeyId: "a", secretAccessKey: "s" },
    },
    pinecone: { apiKey: "p", controllerHost: "http://127.0.0.1:1" },
    cohere: { apiKey: "c" },
    embedding: { model: "embed-v4.0", dimension: 1536 },
    summaries: { model: "command-a-03-2025" },
    stages: ["normalize", "embed"],
    ports: { ingest: 0 },
    nightWindow: { fromSecond: 1_800, untilSecond: 83_700 },
    nightStepTimeoutMs: 60_000,
  })
})

test.each([
  "UPSTASH_REDIS_REST_TOKEN",
  "AWS_ACCESS_KEY_ID",
  "PINECONE_API_KEY",
  "COHERE_API_KEY",
  "GITHUB_TOKEN",
  "BRAINTRUST_API_KEY",
])("%s is one that a header can hold, and is not shown when it is none", (setting) => {
  for (const value of ["abc…", "abc\ndef", "abc def"]) {
    const said = mistakes({ [setting]: value }).join("\n")
    expect(said).toContain(`${setting} is (hidden): expected letters, digits and signs of ASCII, without …`)
    expect(said).not.toContain("abc")
  }
  expect(mistakes({ [setting]: " sk-AZ_09.~+/=!\n" }).join()).not.toContain("expected")
})

test("new stores may begin with the local model while others have Cohere's", () => {
  const config = readConfig({ COHERE_API_KEY: "c", EMBEDDING_MODEL: "local-hash-v1", EMBEDDING_DIMENSION: "64" })
  expect(config).toMatchObject({ cohere: { apiKey: "c" }, embedding: { model: "local-hash-v1", dimension: 64 } })
})

test("summaries are Cohere's where there is a key, unless extracts are asked for", () => {
  const choice = (environment: Record<string, string>) => {
    const config = readConfig(environment)
    const told = describeConfig(config).find(({ part }) => part === "summaries")
    return [config.summaries, told?.choice]
  }
  expect(choice({})).toEqual([undefined, "extracts"])
  expect(choice({ SUMMARY_MODEL: "extract" })).toEqual([undefined, "extracts"])
  expect(choice({ COHERE_API_KEY: "c", SUMMARY_MODEL: "extract" })).toEqual([undefined, "extracts"])
  const other = { model: "command-r7b-12-2024" }
  expect(choice({ COHERE_API_KEY: "c", SUMMARY_MODEL: other.model })).toEqual([other, `${other.model}, by Cohere`])
})

test("all mistakes are told at once, each with its name, what was given and what is expected", () => {
  const wrong = { INGEST_PORT: "80a", REDIS_URL: "localhost", LOG_LEVEL: "loud", STAGES: "embed,dream", S3_BUCKET: "b" }
  expect(mistakes({ ...wrong, UPSTASH_REDIS_REST_URL: "https://up" }).sort()).toEqual([
    'INGEST_PORT is "80a": expected a whole number from 0 to 65535',
    'LOG_LEVEL is "loud": expected one of fatal, error, warn, info, debug, trace, silent',
    'REDIS_URL is "localhost": expected a URL that begins with redis:// or rediss://',
    'S3_BUCKET is "b": expected a bucket\'s name',
    'STAGES is "embed,dream": expected a list out of normalize,hydrate,embed,archive,evaluate',
    "UPSTASH_REDIS_REST_TOKEN is not set, but UPSTASH_REDIS_REST_URL is: set both, or neither",
  ])
})

test("a URL that cannot be read is told from one that begins wrongly, and shows no password however it is broken", () => {
  const words = (url: string) => mistakes({ ...external, DATABASE_URL: url })[0]
  expect(words("postgres://127.0.0.1:99999/x")).toBe(
    'DATABASE_URL is "postgres://127.0.0.1:99999/x": expected a URL with a port from 0 to 65535',
  )
  for (const password of ["hunter/2", "hunter#2", "hunter?2"])
    expect(words(`postgres://u:${password}@db/x`)).toBe(
      'DATABASE_URL is "postgres://(hidden)@db/x": expected a URL that can be read: in its password / ? # @ : are written %2F %3F %23 %40 %3A',
    )
  expect(words("postgresql://[db/x")).toMatch(/expected a URL that can be read: its host or port is none$/)
  expect(words("mysql://db/x")).toMatch(/expected a URL that begins with postgres:\/\/ or postgresql:\/\/$/)
  expect(mistakes({ REDIS_URL: "redis://cache:65536" })).toEqual([
    'REDIS_URL is "redis://cache:65536": expected a URL with a port from 0 to 65535',
  ])
})

test.each([
  ["a bucket without a region", { S3_BUCKET: "engram" }, "AWS_REGION"],
  ["half a pair of keys", { AWS_ACCESS_KEY_ID: "a" }, "AWS_SECRET_ACCESS_KEY"],
  ["an external database without a key", { DATABASE_URL: "postgres://db/e" }, "ENGRAM_SECRET_KEY"],
  ["a short key", { ENGRAM_SECRET_KEY: "short" }, "ENGRAM_SECRET_KEY"],
  ["Cohere's model without a key", { EMBEDDING_MODEL: "embed-v4.0" }, "EMBEDDING_MODEL"],
  ["a model for summaries without a key", { SUMMARY_MODEL: "command-a-03-2025" }, "SUMMARY_MODEL"],
  ["a dimension the model has not", { COHERE_API_KEY: "c", EMBEDDING_DIMENSION: "500" }, "EMBEDDING_DIMENSION"],
  ["a window that ends before it begins", { NIGHTLY_WINDOW: "22:00-04:00" }, "NIGHTLY_WINDOW"],
  ["a window that is none", { NIGHTLY_WINDOW: "at night" }, "NIGHTLY_WINDOW"],
  ["a Pinecone host without a key", { PINECONE_CONTROLLER_HOST: "http://h" }, "PINECONE_API_KEY"],
])("%s is a mistake", (_, environment, setting) => {
  const told = mistakes(environment)
  expect(told).toHaveLength(1)
  expect(told[0]).toContain(setting)
})

test("no secret is ever told, neither in a mistake nor in a description", () => {
  const secret = "hunter2-hunter2"
  const wrong = {
    ENGRAM_SECRET_KEY: "hunter2",
    DATABASE_URL: `mysql://u:${secret}@db/x?password=${secret}`,
    REDIS_URL: `http://:${secret}@r`,
  }
  const right = { ...external, COHERE_API_KEY: secret, PINECONE_API_KEY: secret, REDIS_URL: `redis://:${secret}@r` }
  expect(mistakes(wrong).length).toBe(3)
  expect(mistakes(wrong).join()).not.toContain("hunter2")
  expect(JSON.stringify(describeConfig(readConfig(right)))).not.toContain("hunter2")
  expect(JSON.stringify(describeConfig(readConfig({})))).toContain("embedded Postgres")
})

test("the key of an embedded system is made once, whoever asks first, and is nobody else's to read", async () => {
  const root = await mkdtemp(join(tmpdir(), "engram-key-"))
  const dataDir = join(root, "data")
  const keys = await Promise.all(Array.from({ length: 8 }, () => secretKeyOf({ dataDir })))
  expect(new Set(keys).size).toBe(1)
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/)
  expect((await stat(join(dataDir, "secret.key"))).mode & 0o077).toBe(0)
  expect(await secretKeyOf({ dataDir, secretKey: "given" })).toBe("given")
  await rm(root, { recursive: true })
})

test("a key file that a crash has emptied is said to be, and nothing is made in its place", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "engram-config-"))
  onTestFinished(() => rm(dataDir, { recursive: true }))
  await writeFile(join(dataDir, "secret.key"), "")
  await expect(secretKeyOf({ dataDir })).rejects.toThrow(/secret\.key is empty: put the key back/)
})

test("the memory plugin has a host, a socket and a store of its own", () => {
  const environment = {
    HOST: "0.0.0.0",
    MEMORY_SOCKET: "/run/engram.sock",
    MEMORY_WORKSPACE: "acme",
    MEMORY_STORE: "agents",
    MEMORY_PUBLIC: "true",
  }
  expect(readConfig(environment).memory).toEqual({
    host: "127.0.0.1",
    public: true,
    socket: "/run/engram.sock",
    workspaceId: "acme",
    storeName: "agents",
  })
  expect(() => readConfig({ MEMORY_PUBLIC: "yes", MEMORY_STORE: "No Store" })).toThrow(
    /MEMORY_PUBLIC.*\n.*MEMORY_STORE/,
  )
})

test("a data directory is made with its parents, and stays when it is there", async () => {
  const root = await mkdtemp(join(tmpdir(), "engram-config-"))
  try {
    const dataDir = join(root, "some", "where")
    for (const time of ["made", "there"]) {
      makeDataDir({ dataDir })
      expect({ time, isDirectory: (await stat(dataDir)).isDirectory() }).toEqual({ time, isDirectory: true })
    }
  } finally {
    await rm(root, { recursive: true })
  }
})

test.runIf(existsSync("/proc/self"))("one that cannot be made is said at once, with its setting", () => {
  // Node's own recursive making never ends there.
  expect(() => makeDataDir({ dataDir: "/proc/nope/engram" })).toThrow(
    /^cannot make the data directory \/proc\/nope\/engram: E[^\n]*; set ENGRAM_DATA_DIR to one that can be made$/,
  )
})
