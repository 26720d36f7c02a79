/** Rows of `agent_memories` that are alike and that no id identifies: it is null, or that of several rows of the table. */
export interface UnidentifiedMemories {
  readonly id: string | null
  readonly workspaceId: string | null
  readonly scope: string | null
  readonly blank: boolean
  readonly rows: number
  /** Rows of the whole table that have this id; 0 for none. */
  readonly sharing: number
}

type Query = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>

/** Reads the table only where no index says that there are none. `blanks` are the characters of a blank text. */
export async function readUnidentified(query: Query, blanks: string): Promise<UnidentifiedMemories[]> {
  const [known] = await query<{ identified: boolean }>(byIndex)
  return known?.identified ? [] : query<UnidentifiedMemories>(byRows, [blanks])
}

// Tables that inherit from one are not in its index; a partitioned table's index is of all.
const byIndex = `select exists (
    select from pg_index i join pg_class c on c.oid = i.indrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
    where c.oid = to_regclass('agent_memories') and a.attname = 'id' and a.attnotnull and (c.relkind = 'p' or not c.relhassubclass)
      and i.indisunique and i.indisvalid and i.indnkeyatts = 1 and i.indpred is null) as identified`

const byRows = `
  with shared as (select id, count(*)::int as rows from agent_memories where id is not null group by id having count(*) > 1)
  select m.id::text, m.workspace_id::text as "workspaceId", m.scope, coalesce(btrim(m.content, $1), '') = '' as blank,
    count(*)::int as rows, coalesce(s.rows, 0) as sharing
  from agent_memories m left join shared s on s.id = m.id where m.id is null or s.id is not null
  group by 1, 2, 3, 4, 6 order by 1, 2, 3, 4`
