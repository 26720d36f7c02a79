import type { EvidenceRow, KnowledgeWrite } from "@engram/contracts/knowledge"
import type { Transaction } from "../transaction.ts"
import { type Conditions, metOf } from "./conditions.ts"
import { sumEvidence } from "./evidence-sums.ts"

type Evidence = Parameters<KnowledgeWrite["saveEvidence"]>[0]
type StoredEvidence = Omit<EvidenceRow, "type" | "fromAliasId" | "toAliasId">

/**
 * Makes what these documents prove exactly `rows`, adds what `moments` prove, and keeps every relationship the sum of its evidence.
 * Reads what is known first, so that only what is new or different is written: nearly all that a known document says was said before.
 */
export async function saveEvidence(
  tx: Transaction,
  workspaceId: string,
  { documentIds, rows, moments }: Evidence,
  conditions: Conditions,
): Promise<void> {
  const given = [...rows, ...moments]
  const [known, met] = await Promise.all([
    knownEvidence(tx, workspaceId, [...documentIds, ...moments.map((row) => row.evidenceId)]),
    metOf(
      tx,
      given.flatMap(({ requiresAliasId }) => requiresAliasId ?? []),
    ),
  ])
  const added = given.filter((row) => !known.has(keyOf(row)))
  const changed = [
    ...rows.filter((row) => isKnown(known, row, differs)),
    ...moments.filter((row) => isKnown(known, row, isSurer)),
  ]
  const removed = unsaid(known, documentIds, rows)
  removeEvidence(tx, removed)
  const made = await writeEvidence(tx, workspaceId, { added, changed, met })

  const isMade = ({ relationshipId }: EvidenceRow) => made.has(relationshipId)
  conditions.presume(added.filter(isMade), met)
  conditions.wait([...added.filter((row) => !isMade(row)), ...changed])
  const again = new Set([...removed, ...changed].map((row) => row.relationshipId).filter((id) => !conditions.waits(id)))
  await sumEvidence(tx, [...again].sort())
  addToSums(
    tx,
    added.filter((row) => !isMade(row) && !again.has(row.relationshipId) && !conditions.waits(row.relationshipId)),
  )
}

const keyOf = ({ relationshipId, evidenceId }: Pick<EvidenceRow, "relationshipId" | "evidenceId">): string =>
  `${relationshipId} ${evidenceId}`

const byKey = (a: EvidenceRow, b: EvidenceRow): number => (keyOf(a) < keyOf(b) ? -1 : 1)

type Known = ReadonlyMap<string, StoredEvidence>

const isKnown = (known: Known, row: EvidenceRow, stands: (now: EvidenceRow, before: StoredEvidence) => boolean) => {
  const before = known.get(keyOf(row))
  return before !== undefined && stands(row, before)
}

const differs = (now: EvidenceRow, before: StoredEvidence): boolean =>
  now.confidence !== before.confidence ||
  now.since.getTime() !== before.since.getTime() ||
  now.until?.getTime() !== before.until?.getTime() ||
  now.live !== before.live ||
  now.requiresAliasId !== before.requiresAliasId

/** Of two tellings of one moment the one without a condition stands, then the one with more confidence. */
const isSurer = (now: EvidenceRow, before: StoredEvidence): boolean => {
  const [certain, was] = [now.requiresAliasId === null, before.requiresAliasId === null]
  return certain === was ? now.confidence > before.confidence : certain
}

async function knownEvidence(tx: Transaction, workspaceId: string, evidenceIds: readonly string[]): Promise<Known> {
  if (evidenceIds.length === 0) return new Map()
  const rows = await tx.query<StoredEvidence>(
    `select relationship_id as "relationshipId", evidence_id as "evidenceId", confidence, since, until, live,
            requires_alias_id as "requiresAliasId"
     from relationship_evidence where workspace_id = $1 and evidence_id = any($2)`,
    [workspaceId, evidenceIds],
  )
  return new Map(rows.map((row) => [keyOf(row), row]))
}

/** What the documents no longer say. */
function unsaid(known: Known, documentIds: readonly string[], rows: readonly EvidenceRow[]): StoredEvidence[] {
  if (known.size === 0) return []
  const documents = new Set(documentIds)
  const said = new Set(rows.map(keyOf))
  return [...known.values()].filter((row) => documents.has(row.evidenceId) && !said.has(keyOf(row)))
}

function removeEvidence(tx: Transaction, rows: readonly StoredEvidence[]): void {
  if (rows.length === 0) return
  tx.send(
    `delete from relationship_evidence e using unnest($1::text[], $2::text[]) as k(relationship_id, evidence_id)
     where e.relationship_id = k.relationship_id and e.evidence_id = k.evidence_id`,
    [rows.map((row) => row.relationshipId), rows.map((row) => row.evidenceId)],
  )
}

interface Written {
  readonly added: readonly EvidenceRow[]
  readonly changed: readonly EvidenceRow[]
  readonly met: ReadonlySet<string>
}

/**
 * Writes evidence, and with what is added the relationships that are not there, each with the sum of these rows, which is all the
 * evidence it has. Returns those. The first row of a relationship brings it along; names are short, since Postgres reads each of every row.
 */
async function writeEvidence(
  tx: Transaction,
  workspaceId: string,
  { added, changed, met }: Written,
): Promise<ReadonlySet<string>> {
  const edges = Map.groupBy(added, (row) => row.relationshipId)
  const records = [...added, ...changed].sort(byKey).map((row) => {
    const { relationshipId: r, evidenceId: e, confidence: c, since: s, until: u, live: l, requiresAliasId: q } = row
    const evidence = { r, e, c, s, u, l, q }
    const edge = edges.get(r)
    if (edge === undefined || !edges.delete(r)) return evidence
    const { type: t, fromAliasId: f, toAliasId: o } = row
    return { ...evidence, t, f, o, ...sumOf(edge, met) }
  })
  if (records.length === 0) return new Set()
  const written = await tx.query<{ id: string }>(
    `with given as materialized (
       select * from json_to_recordset($2) as g(r text, e text, c real, s timestamptz, u timestamptz, l boolean, q text,
         t text, f text, o text, confidence real, since timestamptz, until timestamptz, live boolean)
     ), said as (
       insert into relationship_evidence
         (relationship_id, evidence_id, workspace_id, confidence, since, until, live, requires_alias_id)
       select r, e, $1, c, s, u, l, q from given
       on conflict (relationship_id, evidence_id) do update
         set confidence = excluded.confidence, since = excluded.since, until = excluded.until, live = excluded.live,
             requires_alias_id = excluded.requires_alias_id
     )
     insert into relationships (id, workspace_id, type, from_alias_id, to_alias_id, detected_by, confidence, since, until, live)
     select r, $1, t, f, o, 'rule', confidence, since, until, live from given where t is not null
     on conflict do nothing returning id`,
    [workspaceId, JSON.stringify(records)],
  )
  return new Set(written.map(({ id }) => id))
}

/** As `sumEvidence` has it, while these aliases are those of entities that are not deleted. */
function sumOf(
  evidence: readonly EvidenceRow[],
  met: ReadonlySet<string> = new Set(),
): Pick<EvidenceRow, "confidence" | "since" | "until" | "live"> {
  const live = evidence.filter((row) => row.live && (row.requiresAliasId === null || met.has(row.requiresAliasId)))
  const ends = live.flatMap((row) => row.until ?? [])
  const said = live.length > 0 ? live : evidence
  return {
    confidence: Math.max(...said.map((row) => row.confidence)),
    since: new Date(Math.min(...said.map((row) => row.since.getTime()))),
    until: ends.length < live.length || ends.length === 0 ? null : new Date(Math.max(...ends.map(Number))),
    live: live.length > 0,
  }
}

/**
 * Adds evidence that was not there to the sums of relationships that were, without reading what they rest on: an edge to a
 * repository rests on every thing in it. The same as `sumEvidence`. Locked before it is looked at, as there.
 */
function addToSums(tx: Transaction, rows: readonly EvidenceRow[]): void {
  const counted = rows.filter((row) => row.live && row.requiresAliasId === null)
  if (counted.length === 0) return
  const sums = [...Map.groupBy(counted, (row) => row.relationshipId)].map(([id, evidence]) => ({
    id,
    ...sumOf(evidence),
  }))
  const ids = sums.map(({ id }) => id)
  tx.send("select from relationships where id = any($1) order by id for update", [ids])
  tx.send(
    `update relationships r set live = true, since = ${added.since}, until = ${added.until}, confidence = ${added.confidence}
     from json_to_recordset($2) as s(id text, since timestamptz, until timestamptz, confidence real)
     where r.id = any($1) and r.id = s.id and r.detected_by <> 'manual'
       and (r.live, r.since, r.until, r.confidence) is distinct from (true, ${added.since}, ${added.until}, ${added.confidence})`,
    [ids, JSON.stringify(sums)],
  )
}

/** What was not live before adds nothing. */
const added = {
  since: "least(case when r.live then r.since end, s.since)",
  until: `case when r.live and r.until is null or s.until is null then null
    else greatest(case when r.live then r.until end, s.until) end`,
  confidence: "greatest(case when r.live then r.confidence end, s.confidence)",
}
