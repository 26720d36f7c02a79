import type { VectorFilter, VectorRecord } from "@engram/contracts/ports"
import type { PineconeRecord } from "@pinecone-database/pinecone"

/** Pinecone's limits for one upsert: 1,000 records, 2 MB. */
const RECORDS_MAX = 1_000
const BYTES_MAX = 2_000_000
/** A float32 in nine digits, its sign, exponent and comma. */
const BYTES_PER_VALUE = 16
const BYTES_PER_RECORD = 64

/** The records of one upsert after another, within Pinecone's limits. An id that comes twice keeps its last record. */
export function* batchesOf(records: readonly VectorRecord[]): Generator<PineconeRecord[]> {
  let batch: PineconeRecord[] = []
  let bytes = 0
  for (const record of new Map(records.map((each) => [each.id, each])).values()) {
    const size =
      Buffer.byteLength(JSON.stringify([record.id, record.metadata])) +
      record.values.length * BYTES_PER_VALUE +
      BYTES_PER_RECORD
    if (batch.length > 0 && (batch.length === RECORDS_MAX || bytes + size > BYTES_MAX)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(wireRecord(record))
    bytes += size
  }
  if (batch.length > 0) yield batch
}

/** Nine significant digits hold a float32 exactly, in half the bytes that its double would take as JSON. */
function wireRecord({ id, values, metadata }: VectorRecord): PineconeRecord {
  const copied: Record<string, string | number | boolean | string[]> = {}
  for (const [key, value] of Object.entries(metadata)) copied[key] = typeof value === "object" ? [...value] : value
  return { id, values: Array.from(values, (value) => Number(value.toPrecision(9))), metadata: copied }
}

/** Our filter in Pinecone's words; undefined when nothing is filtered. */
export function wireFilter({ namespaces, source, type, since, until }: VectorFilter): object | undefined {
  const conditions = {
    ...(namespaces ? { namespace: { $in: [...namespaces] } } : {}),
    ...(source ? { source: { $in: [...source] } } : {}),
    ...(type ? { type: { $in: [...type] } } : {}),
    ...(since === undefined && until === undefined
      ? {}
      : {
          occurredAt: {
            ...(since === undefined ? {} : { $gte: since }),
            ...(until === undefined ? {} : { $lte: until }),
          },
        }),
  }
  return Object.keys(conditions).length > 0 ? conditions : undefined
}
