import type { CalendarWindow } from "@engram/contracts/consolidation"
import type { ConsolidationLedger, DueDay, Marks, ResolvedAlias } from "@engram/contracts/consolidation-ledger"
import { compareText } from "@engram/core/compare-text"
import { hotSince, windowAround, windowOf } from "@engram/core/consolidate/calendar"

/** What one store has to have looked at again. */
export interface StoreDue {
  readonly storeId: string
  readonly windows: readonly WindowDue[]
  /** Quarters whose topics across the store are due. */
  readonly quarters: readonly CalendarWindow[]
  /** Entities whose profile is due, and whether something of theirs went. */
  readonly entities: ReadonlyMap<string, { readonly lost: boolean }>
  readonly names: Names
}

export interface WindowDue {
  readonly window: CalendarWindow
  readonly entityIds: ReadonlySet<string>
}

/** Who goes by which names. */
export interface Names {
  readonly entityOf: ReadonlyMap<string, string>
  aliasesOf(entityIds: Iterable<string>): ResolvedAlias[]
}

export interface DueRequest {
  readonly day: string
  readonly lastDay: string | null
  readonly entityIds?: readonly string[]
  readonly since?: string
}

const never = "9999-12-31"

/** What marks, the calendar and the caller ask for, by store. `marks` are those that are done when all of it is. */
export async function readDue(
  ledger: ConsolidationLedger,
  workspaceId: string,
  request: DueRequest,
): Promise<{ readonly stores: readonly StoreDue[]; readonly marks: Marks["ids"] }> {
  const { day, lastDay } = request
  const marks = await ledger.marks(workspaceId)
  const moved = await ledger.resolve(workspaceId, { aliasIds: [], entityIds: marks.entityIds })
  const turned = turnedDays(lastDay, day)
  const days = [
    ...marks.days,
    ...(await daysOf(ledger, workspaceId, { aliasIds: moved.map(({ aliasId }) => aliasId), scopeIds: marks.scopeIds })),
    ...(turned ? await daysOf(ledger, workspaceId, turned) : []),
    ...(request.since ? await daysOf(ledger, workspaceId, { from: request.since, until: never }) : []),
  ]
  const emptied = await ledger.summarized(workspaceId, marks.entityIds)
  const bare = await ledger.unprofiled(workspaceId)
  const aliasIds = new Set(days.flatMap(({ aliasId }) => aliasId ?? []))
  const entityIds = [...marks.entityIds, ...bare.map(({ entityId }) => entityId)]
  const names = namesOf(await ledger.resolve(workspaceId, { aliasIds: [...aliasIds], entityIds }))
  const only = request.entityIds && new Set(request.entityIds)
  const storeIds = new Set([...days, ...emptied, ...bare].map(({ storeId }) => storeId))
  const stores = [...storeIds].sort(compareText).map((storeId) => {
    const of = <Each extends { readonly storeId: string }>(all: readonly Each[]) =>
      all.filter((each) => each.storeId === storeId)
    return dueOf(storeId, { days: of(days), emptied: of(emptied), bare: of(bare) }, { day, names, only, turned })
  })
  return {
    stores,
    marks: only
      ? marks.ids.filter(({ aliasId }) => aliasId !== null && only.has(names.entityOf.get(aliasId) ?? ""))
      : marks.ids,
  }
}

/** Days that have turned from weeks into months since. */
function turnedDays(
  lastDay: string | null,
  day: string,
): { readonly from: string; readonly until: string } | undefined {
  if (lastDay === null) return undefined
  const [from, until] = [hotSince(lastDay), hotSince(day)]
  return from < until ? { from, until } : undefined
}

type Which = Partial<Parameters<ConsolidationLedger["daysOf"]>[1]>

async function daysOf(ledger: ConsolidationLedger, workspaceId: string, which: Which): Promise<DueDay[]> {
  const { aliasIds = [], scopeIds = [], from = never, until = never } = which
  if (aliasIds.length + scopeIds.length === 0 && from >= until) return []
  return ledger.daysOf(workspaceId, { aliasIds, scopeIds, from, until })
}

function namesOf(resolved: readonly ResolvedAlias[]): Names {
  const byEntity = Map.groupBy(resolved, ({ entityId }) => entityId)
  return {
    entityOf: new Map(resolved.map(({ aliasId, entityId }) => [aliasId, entityId])),
    aliasesOf: (entityIds) => [...entityIds].flatMap((id) => byEntity.get(id) ?? []),
  }
}

function dueOf(
  storeId: string,
  what: {
    readonly days: readonly DueDay[]
    /** Windows in which entities have summaries that may have lost their evidence. */
    readonly emptied: readonly Owed[]
    /** Entities whose profile lacks a vector. */
    readonly bare: readonly { readonly entityId: string }[]
  },
  how: {
    readonly day: string
    readonly names: Names
    readonly only: ReadonlySet<string> | undefined
    readonly turned: { readonly from: string; readonly until: string } | undefined
  },
): StoreDue {
  const isWanted = ({ entityId }: { readonly entityId: string }) => how.only === undefined || how.only.has(entityId)
  const told = what.days.flatMap(({ aliasId, day, lost }) => {
    const entityId = aliasId === null ? undefined : how.names.entityOf.get(aliasId)
    return entityId === undefined ? [] : [{ entityId, day, lost }]
  })
  const owed = told.flatMap(({ entityId, day }): Owed[] => {
    const hasTurned = how.turned && day >= how.turned.from && day < how.turned.until
    const left = hasTurned ? [{ entityId, window: windowAround(day, "week") }] : []
    return [{ entityId, window: windowOf(day, how.day) }, ...left]
  })
  const touched = [
    ...told,
    ...what.emptied.map(({ entityId }) => ({ entityId, lost: true })),
    ...what.bare.map(({ entityId }) => ({ entityId, lost: false })),
  ].filter(isWanted)
  return {
    storeId,
    windows: byWindow([...owed, ...what.emptied].filter(isWanted)),
    quarters: how.only
      ? []
      : byWindow(what.days.map(({ day }) => ({ entityId: "", window: windowAround(day, "quarter") }))).map(
          ({ window }) => window,
        ),
    entities: entitiesOf(touched),
    names: how.names,
  }
}

interface Owed {
  readonly entityId: string
  readonly window: CalendarWindow
}

/** In order of time. */
function byWindow(owed: readonly Owed[]): WindowDue[] {
  const groups = Map.groupBy(owed, ({ window }) => `${window.from} ${window.kind}`)
  return [...groups]
    .sort((a, b) => compareText(a[0], b[0]))
    .map(([, same]) => ({ window: same[0]!.window, entityIds: new Set(same.map(({ entityId }) => entityId)) }))
}

function entitiesOf(touched: readonly { readonly entityId: string; readonly lost: boolean }[]): StoreDue["entities"] {
  const entities = new Map<string, { readonly lost: boolean }>()
  for (const { entityId, lost } of touched)
    entities.set(entityId, { lost: lost || entities.get(entityId)?.lost === true })
  return entities
}
