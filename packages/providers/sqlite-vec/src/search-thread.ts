import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite"
import { setImmediate } from "node:timers/promises"
import type { VectorFilter, VectorTarget } from "@engram/contracts/ports"
import { createKeptGroups, type Facets, type Group } from "./kept-groups.ts"
import { createNearest, type Nearest } from "./nearest.ts"
import { bytesOf, openToRead, rowsOfGroup } from "./sqlite-file.ts"
import { answerQuestions } from "./thread-side.ts"

export interface Search {
  readonly target: VectorTarget
  readonly values: Float32Array
  readonly topK: number
  readonly filter: VectorFilter
}

/** The nearest, best first. */
export interface Found {
  readonly ids: readonly string[]
  readonly scores: Float64Array
}

const groupsSql = `select g.number, g.mark from spaces s join groups g on g.space = s.number
  where s.index_name = ?1 and s.namespace = ?2`

function createSearcher(db: DatabaseSync) {
  const kept = createKeptGroups(db)
  const [begin, end] = [db.prepare("begin"), db.prepare("commit")]
  const every = db.prepare(groupsSql)
  const named = db.prepare(`${groupsSql} and g.memory_namespace in (select value from json_each(?3))`)
  const one = db.prepare("select number, mark from groups where number = ?")

  /** Groups' marks and rows are of one moment. */
  const atOneMoment = <T>(work: () => T): T => {
    begin.run()
    try {
      return work()
    } finally {
      end.run()
    }
  }
  const groupsOf = ({ target: { index, namespace }, filter: { namespaces } }: Search): Group[] => {
    const rows = namespaces ? named.all(index, namespace, JSON.stringify(namespaces)) : every.all(index, namespace)
    return rows.map(groupOf)
  }

  const compareAll = (groups: readonly Group[], { values, topK, filter }: Search): Found => {
    const nearest = createNearest(topK)
    // A whole space is read by few, and would drive out what many search.
    const compare = filter.namespaces && kept.comparing(values, facetsFilter(filter), nearest)
    const inTheFile = groups.filter((group) => !compare?.(group))
    if (inTheFile.length > 0) inFile(db, inTheFile, values, filter, topK, nearest)
    return { ids: nearest.best.map(({ id }) => id), scores: Float64Array.from(nearest.best, ({ score }) => score) }
  }

  /** Many groups that are not in memory yet are read one at a time, and searches that need not wait for them go by. */
  return async (search: Search): Promise<Found> => {
    const found = atOneMoment(() => {
      const groups = groupsOf(search)
      const unread = search.filter.namespaces ? groups.filter((group) => !kept.has(group)) : []
      return unread.length > 1 ? unread : compareAll(groups, search)
    })
    if (!Array.isArray(found)) return found
    for (const { number } of found) {
      await setImmediate()
      atOneMoment(() => {
        const group = one.get(number)
        if (group) kept.read(groupOf(group), search.values.length)
      })
    }
    return atOneMoment(() => compareAll(groupsOf(search), search))
  }
}

const groupOf = (row: Record<string, SQLOutputValue>): Group => ({ number: Number(row.number), mark: Number(row.mark) })

function facetsFilter({ source, type, since, until }: VectorFilter): (facets: Facets) => boolean {
  if (!source && !type && since === undefined && until === undefined) return () => true
  const from = since ?? Number.NEGATIVE_INFINITY
  const to = until ?? Number.POSITIVE_INFINITY
  const isTimed = since !== undefined || until !== undefined
  return (facets) =>
    isAmong(source, facets.source) &&
    isAmong(type, facets.type) &&
    (!isTimed || (facets.occurredAt !== null && facets.occurredAt >= from && facets.occurredAt <= to))
}

const isAmong = (allowed: readonly string[] | undefined, value: string | null): boolean =>
  allowed === undefined || (value !== null && allowed.includes(value))

/** Offers the nearest of groups that are read where they lie. */
function inFile(
  db: DatabaseSync,
  groups: readonly Group[],
  values: Float32Array,
  filter: VectorFilter,
  topK: number,
  nearest: Nearest,
): void {
  const { conditions, parameters } = conditionsOf(filter)
  const statement = db.prepare(`
    select v.id, vec_distance_cosine(v.embedding, ?) as distance
    from json_each(?) g cross join vectors v where ${conditions.join(" and ")} order by distance, v.id limit ?`)
  statement.setReturnArrays(true)
  const rows = statement.all(bytesOf(values), JSON.stringify(groups.map(({ number }) => number)), ...parameters, topK)
  for (const [id, distance] of rows as unknown as [string, number][]) nearest.offer({ id, score: 1 - distance })
}

function conditionsOf(filter: VectorFilter) {
  const conditions = [`v.row between g.value * ${rowsOfGroup} and (g.value + 1) * ${rowsOfGroup} - 1`]
  const parameters: SQLInputValue[] = []
  for (const [facet, allowed] of Object.entries({ source: filter.source, type: filter.type })) {
    if (!allowed) continue
    conditions.push(`v.${facet} in (select value from json_each(?))`)
    parameters.push(JSON.stringify(allowed))
  }
  if (filter.since !== undefined) {
    conditions.push("v.occurred_at >= ?")
    parameters.push(filter.since)
  }
  if (filter.until !== undefined) {
    conditions.push("v.occurred_at <= ?")
    parameters.push(filter.until)
  }
  return { conditions, parameters }
}

answerQuestions<Search, Found>((path) => createSearcher(openToRead(path)))
