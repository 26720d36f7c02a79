/** When a workspace's night begins: every day at this second of its local day. */
export interface NightAlarm {
  readonly workspaceId: string
  /** An IANA name. */
  readonly timeZone: string
  readonly atSecond: number
}

/**
 * The clock that wakes consolidation. An alarm says which workspace to look at and nothing more: what is due is for Postgres to
 * say, so alarms may come late, twice or not at all, and the queue may be lost at any moment.
 */
export interface NightQueue {
  /** From now on these alarms, and no others. Those that stand already are left alone; safe from several processes at once. */
  keep(alarms: readonly NightAlarm[]): Promise<{ readonly set: number; readonly removed: number }>
  alarms(): Promise<NightAlarm[]>
  /** An alarm at once. Any number before one is looked at are one; during a look they cause one more after it. */
  ring(workspaceId: string): Promise<void>
  /** Looks after alarms, `concurrency` at a time in this process. A look that throws is not repeated: the next alarm looks again. */
  run(concurrency: number, look: (workspaceId: string) => Promise<void>): Promise<{ close(): Promise<void> }>
  close(): Promise<void>
}

/** What is done after each run of consolidation, one after the other. */
export interface NightStep {
  readonly name: string
  /** Resolves to what it did, as JSON. `now` in ms. A failure keeps none of the others from their turn. */
  run(workspaceId: string, now: number): Promise<object>
}

/** What came of a step. */
export interface StepRecord {
  readonly name: string
  readonly ms: number
  readonly result?: object
  /** Why it failed. */
  readonly error?: string
}
