import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import { parentPort, workerData } from "node:worker_threads"
import type { VectorFilter, VectorTarget } from "@engram/contracts/ports"
import { createKeptGroups, type Facets } from "./kept-groups.ts"
import { createNearest, type Nearest } from "./nearest.ts"
import { openToRead, rowsOfGroup } from "./sqlite-file.ts"

export interface Search {
  readonly target: VectorTarget
  readonly values: Float32Array
  readonly topK: number
  readonly filter: VectorFilter
}

/** The nearest, or SQLite's failure with what tells its kind. */
export type Found =
  | { readonly ids: readonly string[]; readonly scores: Float64Array }
  | { readonly message: string; readonly errcode: number | undefined }

const groupsSql = `select g.number, g.mark from spaces s join groups g on g.space = s.number
  where s.index_name = ?1 and s.namespace = ?2`

function createSearcher(db: DatabaseSync) {
  const keptCompare = createKeptGroups(db)
  const [begin, end] = [db.prepare("begin"), db.prepare("commit")]
  const every = db.prepare(groupsSql)
  const named = db.prepare(`${groupsSql} and g.memory_namespace in (select value from json_each(?3))`)

  /** Groups' marks and rows are of one moment. */
  return ({ target, values, topK, filter }: Search): Found => {
    const { index, namespace } = target
    const { namespaces } = filter
    const nearest = createNearest(topK)
    const compare = namespaces && keptCompare(values, facetsFilter(filter), nearest)
    begin.run()
    try {
      const groups = namespaces ? named.all(index, namespace, JSON.stringify(namespaces)) : every.all(index, namespace)
      const large: number[] = []
      for (const group of groups) {
        const [number, mark] = [Number(group.number), Number(group.mark)]
        // A whole space is read by few, and would drive out what many search.
        if (!compare?.({ number, mark })) large.push(number)
      }
      if (large.length > 0) inFile(db, large, values, filter, topK, nearest)
    } finally {
      end.run()
    }
    return { ids: nearest.best.map(({ id }) => id), scores: Float64Array.from(nearest.best, ({ score }) => score) }
  }
}

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
  groups: readonly number[],
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
  const rows = statement.all(bytesOf(values), JSON.stringify(groups), ...parameters, topK)
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

/** sqlite-vec reads float32 in the machine's byte order, as a Float32Array holds them. */
const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

let search: ReturnType<typeof createSearcher> | undefined
parentPort!.on("message", ({ at, search: asked }: { readonly at: number; readonly search: Search }) => {
  let found: Found
  try {
    search ??= createSearcher(openToRead(workerData.path))
    found = search(asked)
  } catch (error) {
    const { message, errcode } = error as { readonly message: string; readonly errcode?: number }
    found = { message, errcode }
  }
  parentPort!.postMessage({ at, found })
})
