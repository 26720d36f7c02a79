import type { Log } from "@engram/contracts/ports"
import { Queue, Worker } from "bullmq"
import { Redis } from "ioredis"
import type { Backend, JobData, Processor, Producer, RunningWorker, WorkerSettings } from "./backend.ts"
import { quietly } from "./quiet.ts"

const reconnectDelayMaxMs = 2_000

/**
 * BullMQ on Redis. Producers fail fast: no command waits for a connection, and none longer than `commandTimeoutMs`.
 * Workers wait for ever: what they hold is safe in Redis. Starts whether or not Redis is there.
 */
export function createRedisBackend(redisUrl: string, log: Log, commandTimeoutMs: number): Backend {
  const place = `redis at ${new URL(redisUrl).host}`
  const retryStrategy = (times: number) => Math.min(50 * 2 ** times, reconnectDelayMaxMs)
  const producer = new Redis(redisUrl, {
    retryStrategy,
    connectTimeout: commandTimeoutMs,
    commandTimeout: commandTimeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  })
  let trouble: unknown
  const warn = quietly(log, place)
  producer.on("error", (error) => {
    trouble = error
    warn(error)
  })
  producer.on("ready", () => {
    trouble = undefined
  })

  let ready: Promise<void> | undefined
  const whenReady = (): Promise<void> => {
    ready ??= new Promise<void>((resolve) => producer.once("ready", resolve)).finally(() => {
      ready = undefined
    })
    return ready
  }

  // A BullMQ queue whose first commands fail stays broken for ever, so a failed one is forgotten and made again.
  const queues = new Map<string, Promise<Producer>>()
  const open = async (name: string): Promise<Producer> => {
    const queue = new Queue<JobData, void, string>(name, {
      connection: producer,
      streams: { events: { maxLen: 1_000 } },
    })
    queue.on("error", quietly(log, name))
    await queue.waitUntilReady()
    return queue
  }
  const queue = async (name: string): Promise<Producer> => {
    if (producer.status !== "ready") await whenReady()
    const opened = queues.get(name) ?? open(name)
    queues.set(name, opened)
    try {
      return await opened
    } catch (error) {
      queues.delete(name)
      throw error
    }
  }

  const work = (name: string, processor: Processor, settings: WorkerSettings): RunningWorker => {
    const connection = new Redis(redisUrl, { retryStrategy, maxRetriesPerRequest: null })
    connection.on("error", quietly(log, place))
    let running = 0
    const counted: Processor = async (job, token) => {
      running += 1
      try {
        await processor(job, token)
      } finally {
        running -= 1
      }
    }
    const worker = new Worker<JobData, void, string>(name, counted, { ...settings, connection })
    worker.on("error", quietly(log, name))
    const isCutOff = () => running === 0 && connection.status !== "ready"
    return { worker, isCutOff, disconnect: () => connection.disconnect() }
  }

  return {
    place,
    queue,
    work,
    ping: async () => {
      if (producer.status !== "ready") await whenReady()
      await producer.ping()
    },
    trouble: () => trouble,
    close: async () => producer.disconnect(),
  }
}
