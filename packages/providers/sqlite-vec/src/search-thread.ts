import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import { parentPort, workerData } from "node:worker_threads"
import type { VectorFilter, VectorTarget } from "@engram/contracts/ports"
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

const groupsSql = `select g.number from spaces s join groups g on g.space = s.number
  where s.index_name = ? and s.namespace = ?`

function search(db: DatabaseSync, { target, values, topK, filter }: Search): Found {
  const named = filter.namespaces && JSON.stringify(filter.namespaces)
  const groups = db
    .prepare(
      named === undefined ? groupsSql : `${groupsSql} and g.memory_namespace in (select value from json_each(?))`,
    )
    .all(target.index, target.namespace, ...(named === undefined ? [] : [named]))
  const { conditions, parameters } = conditionsOf(filter)
  const nearest = db.prepare(`
    select v.id, vec_distance_cosine(v.embedding, ?) as distance
    from json_each(?) g cross join vectors v where ${conditions.join(" and ")} order by distance, v.id limit ?`)
  nearest.setReturnArrays(true)
  const numbers = JSON.stringify(groups.map(({ number }) => number))
  const rows = nearest.all(bytesOf(values), numbers, ...parameters, topK) as unknown as [id: string, distance: number][]
  return { ids: rows.map(([id]) => id), scores: Float64Array.from(rows, ([, distance]) => 1 - distance) }
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

let db: DatabaseSync | undefined
parentPort!.on("message", ({ at, search: asked }: { readonly at: number; readonly search: Search }) => {
  let found: Found
  try {
    db ??= openToRead(workerData.path)
    found = search(db, asked)
  } catch (error) {
    const { message, errcode } = error as { readonly message: string; readonly errcode?: number }
    found = { message, errcode }
  }
  parentPort!.postMessage({ at, found })
})
