import type { CalendarWindow } from "@engram/contracts/consolidation"
import type { ConsolidationLedger, DueDay, ResolvedAlias } from "@engram/contracts/consolidation-ledger"
import { compareText } from "@engram/core/compare-text"
import { hotSince, windowAround, windowOf } from "@engram/core/consolidate/calendar"

/** What one store has to have looked at again. */
export interface StoreDue {
  readonly storeId: string
  readonly windows: readonly WindowDue[]
  /** Quarters whose topics across the store are due. */
  readonly quarters: readonly CalendarWindow[]
  /** Entities whose profile is due. */
  readonly entities: ReadonlyMap<string, EntityDue>
  readonly names: Names
}

export interface WindowDue {
  readonly window: CalendarWindow
  readonly entityIds: ReadonlySet<string>
}

export type EntityDue = Pick<DueDay, "added" | "lost">

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
): Promise<{ readonly stores: readonly StoreDue[]; readonly marks: readonly number[] }> {
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
    marks: [...marks.read].flatMap(([aliasId, ids]) =>
      only === undefined || (aliasId !== null && only.has(names.entityOf.get(aliasId) ?? "")) ? ids : [],
    ),
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
  const isWanted = (entityId: string) => how.only === undefined || how.only.has(entityId)
  const windows = new Windows()
  const quarters = new Windows()
  const entities = new Map<string, EntityDue>()
  const owe = (entityId: string, { added, lost }: EntityDue) => {
    const before = entities.get(entityId)
    entities.set(entityId, { added: added + (before?.added ?? 0), lost: lost || before?.lost === true })
  }
  const windowsOf = memoized((day: string) => {
    const hasTurned = how.turned && day >= how.turned.from && day < how.turned.until
    return [windowOf(day, how.day), ...(hasTurned ? [windowAround(day, "week")] : [])]
  })
  const quarterOf = memoized((day: string) => windowAround(day, "quarter"))
  for (const { aliasId, day, ...due } of what.days) {
    quarters.add(quarterOf(day), "")
    const entityId = aliasId === null ? undefined : how.names.entityOf.get(aliasId)
    if (entityId === undefined || !isWanted(entityId)) continue
    for (const window of windowsOf(day)) windows.add(window, entityId)
    owe(entityId, due)
  }
  for (const { entityId, window } of what.emptied) {
    if (!isWanted(entityId)) continue
    windows.add(window, entityId)
    owe(entityId, { added: 0, lost: true })
  }
  for (const { entityId } of what.bare) if (isWanted(entityId)) owe(entityId, { added: 0, lost: false })
  return {
    storeId,
    windows: windows.inOrder(),
    quarters: how.only ? [] : quarters.inOrder().map(({ window }) => window),
    entities,
    names: how.names,
  }
}

interface Owed {
  readonly entityId: string
  readonly window: CalendarWindow
}

/** Entities by window. */
class Windows {
  readonly #byKey = new Map<string, { readonly window: CalendarWindow; readonly entityIds: Set<string> }>()

  add(window: CalendarWindow, entityId: string): void {
    const key = `${window.from} ${window.kind}`
    const known = this.#byKey.get(key)
    if (known) known.entityIds.add(entityId)
    else this.#byKey.set(key, { window, entityIds: new Set([entityId]) })
  }

  /** Of time. */
  inOrder(): WindowDue[] {
    return [...this.#byKey].sort((a, b) => compareText(a[0], b[0])).map(([, due]) => due)
  }
}

/** A night has hundreds of thousands of marks, and a few hundred days. */
function memoized<Value>(of: (day: string) => Value): (day: string) => Value {
  const known = new Map<string, Value>()
  return (day) => {
    const before = known.get(day)
    if (before !== undefined) return before
    const value = of(day)
    known.set(day, value)
    return value
  }
}
