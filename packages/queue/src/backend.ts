import type { Job, Queue, Worker, WorkerOptions } from "bullmq"
import { z } from "zod"

/** What a wake carries: which lane to look at. */
export const LaneData = z.strictObject({ workspaceId: z.string().min(1), storeId: z.string().min(1) })
export type LaneData = z.infer<typeof LaneData>

/** What BullMQ keeps of a job; who takes it reads it with the schema of its queue. */
export type JobData = Readonly<Record<string, string>>
export type QueuedJob = Job<JobData, void, string>
export type Processor = (job: QueuedJob, token: string | undefined) => Promise<void>
export type WorkerSettings = Omit<WorkerOptions, "connection">

export type Producer = Pick<
  Queue<JobData, void, string>,
  "add" | "getJobCounts" | "clean" | "upsertJobScheduler" | "getJobSchedulers" | "removeJobScheduler"
>

/** BullMQ on one of its stores. */
export interface Backend {
  /** Where it is, without secrets, for messages. */
  readonly place: string
  /** The queue `name`, once it can be written to. */
  queue(name: string): Promise<Producer>
  work(name: string, processor: Processor, settings: WorkerSettings): RunningWorker
  ping(): Promise<void>
  /** Why it does not answer, if its connection said so. */
  trouble(): unknown
  close(): Promise<void>
}

export interface RunningWorker {
  readonly worker: Pick<Worker<JobData, void, string>, "pause" | "close">
  /** Whether no turn runs and none can come: its store is away. */
  isCutOff(): boolean
  /** Drops its connections at once, whatever they are doing. */
  disconnect(): void
}
