import type { CalendarWindow, Coverage, Evidence, SummaryRow, SummarySubject } from "@engram/contracts/consolidation"
import type { Rests, TopicCount } from "@engram/contracts/consolidation-ledger"
import type { ScopeId, SummaryId } from "@engram/contracts/ids"
import type { EmbeddingVersion, WantedVector } from "@engram/contracts/knowledge"
import { ownDays } from "@engram/core/consolidate/calendar"
import { summaryText } from "@engram/core/consolidate/check-summary"
import {
  type Cluster,
  type ClusterKey,
  clustersOf,
  coverageOf,
  evidenceHash,
  type Member,
  membersMin,
  summaryId,
  weightiest,
} from "@engram/core/consolidate/clusters"
import { summaryTitle } from "@engram/core/consolidate/summary-title"
import { topicOf } from "@engram/core/consolidate/topics"
import { textHash } from "@engram/core/ids"
import { summaryVectors } from "../persist/wanted-vectors.ts"
import type { StoreDue, WindowDue } from "./due.ts"
import { assertOurs, type Run } from "./run.ts"
import { valuesOf } from "./values.ts"

/** Observations that a writer sees of a cluster: so no step grows with more than the number of members. */
const seenMax = 60
/** Summaries written and saved together: their evidence and its vectors are in memory at once. */
const batchMax = 50
/** Summaries asked for at once, where asking means waiting. */
const asksMax = 4

/** A summary to be written, from the weightiest of what it covers. */
interface Task {
  readonly key: ClusterKey
  readonly hash: string
  readonly coverage: Coverage
  readonly scopeIds: readonly ScopeId[]
  readonly newestAt: number
  readonly seen: readonly Pick<Member, "id" | "contentHash" | "importance" | "occurredAt">[]
  /** All that it must still rest on when it is saved. */
  readonly evidence: Rests["evidence"]
  /** By which a later run finds it again. */
  readonly anchor: { readonly aliasId: string; readonly day: string } | null
}

/** Every due cluster of a store: those of entities by week or month, then topics across the store by quarter. */
export async function rebuildSummaries(run: Run, store: StoreDue): Promise<void> {
  const active = (await run.ledger.versions(run.workspaceId, store.storeId)).find(({ status }) => status === "active")
  const work = { run, store, active }
  for (const due of store.windows) await rebuildWindow(work, due)
  for (const quarter of store.quarters) await rebuildQuarter(work, quarter)
}

interface Work {
  readonly run: Run
  readonly store: StoreDue
  readonly active: EmbeddingVersion | undefined
}

async function rebuildWindow(work: Work, { window, entityIds }: WindowDue): Promise<void> {
  const { run, store } = work
  const { ledger, workspaceId, report } = run
  const { storeId } = store
  const names = store.names.aliasesOf(entityIds)
  const days = ownDays(window, run.day)
  const rows =
    days.from < days.until
      ? await ledger.members(workspaceId, { storeId, ...days, aliasIds: names.map(({ aliasId }) => aliasId) })
      : []
  report.observationsRead += rows.length
  const asked = new Map(names.map(({ aliasId, entityId }) => [aliasId, entityId]))
  const members = rows.map((row): Member => ({ ...row, topic: topicOf(row) }))
  const clusters = clustersOf({ storeId, window }, members, (aliasId) => asked.get(aliasId))
  const tasks = [...clusters.values()].map((cluster) => taskOf(run, cluster, asked))
  await settle(
    work,
    tasks,
    await ledger.summaries(workspaceId, { storeId, entityIds: [...entityIds], windows: [window] }),
  )
}

function taskOf(run: Run, { key, members }: Cluster, asked: ReadonlyMap<string, string>): Task {
  const first = members[0]!
  const aliasId = first.subjectAliasIds.find((alias) => asked.get(alias) === key.entityId)!
  return {
    key,
    hash: evidenceHash(run.writer.name, members),
    coverage: coverageOf(members),
    scopeIds: [...new Set(members.flatMap(({ scopeIds }) => scopeIds))].sort(),
    newestAt: Math.max(...members.map(({ occurredAt }) => occurredAt)),
    seen: weightiest(members, seenMax),
    evidence: members,
    anchor: { aliasId, day: new Date(first.occurredAt).toISOString().slice(0, 10) },
  }
}

async function rebuildQuarter(work: Work, window: CalendarWindow): Promise<void> {
  const { run, store } = work
  const { storeId } = store
  const counts = await run.ledger.topicCounts(run.workspaceId, { storeId, window, seenMax })
  run.report.observationsRead += counts.reduce((sum, { coverage }) => sum + coverage.observations, 0)
  const tasks = counts.map(({ topic, scopeId, ...rest }: TopicCount): Task => {
    const key = { storeId, entityId: null, topic, window, scopeId }
    return {
      ...rest,
      key,
      hash: textHash(`${run.writer.name} ${rest.evidenceHash}`),
      evidence: rest.seen,
      anchor: null,
    }
  })
  await settle(
    work,
    tasks,
    await run.ledger.summaries(run.workspaceId, { storeId, entityIds: null, windows: [window] }),
  )
}

/** Writes what is new or different, leaves what is as it should be, and withdraws what has too little evidence left. */
async function settle(
  work: Work,
  tasks: readonly Task[],
  stored: readonly { readonly id: SummaryId; readonly evidenceHash: string }[],
): Promise<void> {
  const { report } = work.run
  const before = new Map(stored.map(({ id, evidenceHash }) => [id, evidenceHash]))
  const enough = tasks.filter(({ coverage }) => coverage.observations >= membersMin)
  const changed = enough.filter(({ key, hash }) => before.get(summaryId(key)) !== hash)
  report.clustersDue += tasks.length
  report.clustersTooSmall += tasks.length - enough.length
  report.summariesUnchanged += enough.length - changed.length

  const kept = new Set(enough.map(({ key }) => summaryId(key)))
  const gone = stored.map(({ id }) => id).filter((id) => !kept.has(id))
  if (gone.length > 0) await save(work, [], gone)
  for (let from = 0; from < changed.length; from += batchMax)
    await write(work, changed.slice(from, from + batchMax), before)
}

async function write(work: Work, tasks: readonly Task[], before: ReadonlyMap<SummaryId, string>): Promise<void> {
  const { run, active } = work
  const evidence = await evidenceOf(run, active, tasks)
  const entityIds = [...new Set(tasks.flatMap(({ key }) => key.entityId ?? []))]
  const subjects = await run.ledger.subjects(run.workspaceId, entityIds)
  const written: (SummaryRow & Rests)[] = []
  const withdrawn: SummaryId[] = []
  for (let from = 0; from < tasks.length; from += asksMax) {
    // Who was given up asks, and pays, no further.
    assertOurs(run)
    const rows = await Promise.all(
      tasks.slice(from, from + asksMax).map((task) => ask(run, task, subjectOf(task, subjects), evidence)),
    )
    for (const [at, row] of rows.entries()) {
      const id = summaryId(tasks[from + at]!.key)
      if (row) written.push(row)
      else {
        run.report.clustersTooSmall++
        if (before.has(id)) withdrawn.push(id)
      }
    }
  }
  await save(work, written, withdrawn)
  await valuesOf(
    run,
    active,
    written.map(({ text }) => text),
  )
}

async function evidenceOf(
  run: Run,
  active: EmbeddingVersion | undefined,
  tasks: readonly Task[],
): Promise<ReadonlyMap<string, Evidence>> {
  const ids = new Set(tasks.flatMap(({ seen }) => seen.map(({ id }) => id)))
  const rows = await run.ledger.evidence(run.workspaceId, [...ids])
  run.report.textsRead += rows.length
  const values = await valuesOf(
    run,
    active,
    rows.map(({ text }) => text),
  )
  return new Map(rows.map((row) => [row.id, { ...row, values: values.get(textHash(row.text)) ?? null }]))
}

function subjectOf(
  { key, coverage }: Task,
  subjects: ReadonlyMap<string, NonNullable<SummarySubject["entity"]>>,
): SummarySubject {
  const { entityId, topic, window } = key
  const entity = entityId === null ? null : (subjects.get(entityId) ?? { name: "", kind: "name" as const })
  return { entity, topic, window, observations: coverage.observations }
}

async function ask(
  run: Run,
  task: Task,
  subject: SummarySubject,
  evidence: ReadonlyMap<string, Evidence>,
): Promise<(SummaryRow & Rests) | undefined> {
  const { key, coverage, scopeIds, hash } = task
  run.report.writerCalls++
  const summary = await run.writer.write(
    subject,
    task.seen.flatMap(({ id }) => evidence.get(id) ?? []),
    ({ input, output }) => {
      run.report.modelCalls++
      run.report.inputTokens += input
      run.report.outputTokens += output
    },
  )
  if (summary === undefined) return undefined
  if (summary.standIn !== undefined) run.report.writerFallbacks++
  if (summary.standIn === "away" && task.anchor) run.again.push({ storeId: key.storeId, ...task.anchor })
  return {
    ...key,
    id: summaryId(key),
    title: summaryTitle(subject),
    text: summaryText(summary.sentences),
    sentences: summary.sentences,
    coverage,
    evidenceIds: task.evidence.map(({ id }) => id).sort(),
    scopeIds,
    // Who could not be asked is asked again.
    evidenceHash: summary.standIn === "away" ? "" : hash,
    writer: summary.writer,
    occurredAt: task.newestAt,
    importance: Math.max(...task.seen.map(({ importance }) => importance)),
    evidence: task.evidence,
  }
}

async function save(
  { run, store }: Work,
  written: readonly (SummaryRow & Rests)[],
  withdrawn: readonly SummaryId[],
): Promise<void> {
  assertOurs(run)
  const saved = await run.ledger.saveSummaries(run.workspaceId, run.id, {
    storeId: store.storeId,
    written,
    withdrawn,
    vectorsOf: (row, versions): readonly WantedVector[] => summaryVectors(versions, row),
  })
  run.report.summariesWritten += saved.length
  run.report.summariesWithdrawn += withdrawn.length
}
