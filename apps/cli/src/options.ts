import { StoreName, WorkspaceId } from "@engram/contracts/ids"
import type { ListedStore, StoreReport } from "@engram/store/store-report"
import { InvalidArgumentError } from "commander"
import { UsageError } from "./explain-error.ts"

/** Readers of single options: each gives the value or says what was expected. */

const named =
  (schema: typeof WorkspaceId) =>
  (text: string): string => {
    const parsed = schema.safeParse(text)
    if (parsed.success) return parsed.data
    throw new InvalidArgumentError(`It ${parsed.error.issues[0]?.message}.`)
  }

export const workspaceName = named(WorkspaceId)
export const storeName = named(StoreName)

export const wholeNumber =
  (from: number, to: number) =>
  (text: string): number => {
    const number = Number(text)
    if (Number.isInteger(number) && number >= from && number <= to) return number
    throw new InvalidArgumentError(`Expected a whole number from ${from} to ${to}.`)
  }

export const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (text: string, earlier: readonly Word[] = []): Word[] => {
    const given = text.split(",").map((word) => word.trim())
    const known = given.filter((word): word is Word => words.some((each) => each === word))
    if (known.length === given.length) return [...earlier, ...known]
    throw new InvalidArgumentError(`Expected ${words.join(" or ")}.`)
  }

/** Repeated options pile up; one may also hold several, parted by commas, and has to hold one. */
export function list(text: string, earlier: readonly string[] = []): string[] {
  const items = text
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean)
  if (items.length === 0) throw new InvalidArgumentError("It is empty: give it a value, or leave it out.")
  return [...earlier, ...items]
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `2026-03-01`, `2026-03-01T12:00:00Z`, or how long ago: `30m`, `6h`, `7d`. */
export function moment(text: string): Date {
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (amount && unit) return new Date(Date.now() - Number(amount) * units[unit as keyof typeof units])
  const time = /^\d{4}-\d\d-\d\d(?:T|$)/.test(text) && isDay(text.slice(0, 10)) ? new Date(text) : undefined
  if (time && !Number.isNaN(time.getTime())) return time
  throw new InvalidArgumentError("Expected a time like 2026-03-01, 2026-03-01T12:00:00Z, or 30m, 6h, 7d ago.")
}

/** JavaScript takes the 31st of February for the 3rd of March. */
export const isDay = (text: string): boolean => {
  const midnight = Date.parse(text)
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(text)
}

export interface PlaceOptions {
  readonly workspace?: string
  readonly store?: string
}

/** The store that was named or, where nothing was, the only one there is. */
export async function pickStore(report: StoreReport, { workspace, store }: PlaceOptions): Promise<ListedStore> {
  const stores = await report.stores()
  const isNamed = workspace !== undefined || store !== undefined
  const matching = isNamed
    ? stores.filter(
        ({ workspaceId, name }) =>
          (workspace === undefined || workspace === workspaceId) && (store === undefined || store === name),
      )
    : doorsFirst(stores)
  if (matching.length === 1) return matching[0]!
  if (stores.length === 0) throw new Error("there is no store yet; `engram connect` or `engram keys create` makes one")
  const words = matching.length === 0 ? "there is no such store" : "name one store with --workspace and --store"
  throw new UsageError(`${words}; ${thereAre(stores.map(({ workspaceId, name }) => `${workspaceId}/${name}`))}`)
}

/** Those that documents come into or, where none is such, all: beside them the memory plugin's own store is not meant. */
function doorsFirst(stores: readonly ListedStore[]): readonly ListedStore[] {
  const withDoor = stores.filter(({ hasDoor }) => hasDoor)
  return withDoor.length > 0 ? withDoor : stores
}

const namesShown = 10

export function thereAre(names: readonly string[]): string {
  const shown = names.length > namesShown ? [...names.slice(0, namesShown), "…"] : names
  return `there ${names.length === 1 ? "is" : "are"} ${shown.join(", ")}`
}

/** Every workspace there is, or the one that was named; with a store, that store of it. */
export async function pickPlaces(
  report: StoreReport,
  { workspace, store }: PlaceOptions,
): Promise<{ readonly workspaceId: string; readonly storeId?: ListedStore["storeId"] }[]> {
  if (store !== undefined) {
    const { workspaceId, storeId } = await pickStore(report, { store, ...(workspace ? { workspace } : {}) })
    return [{ workspaceId, storeId }]
  }
  if (workspace !== undefined) return [{ workspaceId: await pickWorkspace(report, workspace) }]
  return workspacesOf(await report.stores()).map((workspaceId) => ({ workspaceId }))
}

/** The workspace that was named or, where none was, the only one there is. */
export async function pickWorkspace(report: StoreReport, workspace: string | undefined): Promise<string> {
  const stores = await report.stores()
  const known = workspacesOf(stores)
  const named = pickWorkspaces(known, workspace)
  const [first, ...others] = workspace === undefined ? workspacesOf(doorsFirst(stores)) : named
  if (first !== undefined && others.length === 0) return first
  throw new UsageError(`name one workspace with --workspace; ${thereAre(known)}`)
}

/** The one that was named or, where none was, all that are known; never none. */
export function pickWorkspaces(known: readonly string[], named: string | undefined): readonly string[] {
  if (known.length === 0)
    throw new Error("there is no workspace yet; `engram connect` or `engram keys create` makes one")
  if (named === undefined) return known
  if (known.includes(named)) return [named]
  throw new UsageError(`there is no workspace ${named}; ${thereAre(known)}`)
}

const workspacesOf = (stores: readonly ListedStore[]): string[] => [
  ...new Set(stores.map(({ workspaceId }) => workspaceId)),
]
