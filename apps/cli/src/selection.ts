import { type DeliveryState, deliveryStates } from "@engram/contracts/deliveries"
import type { DeliverySelection } from "@engram/store/delivery-admin"
import type { StoreReport } from "@engram/store/store-report"
import type { Command } from "commander"
import { UsageError } from "./explain-error.ts"
import { list, moment, oneOf, pickPlaces, storeName, workspaceName } from "./options.ts"

export interface SelectionOptions {
  readonly id?: readonly string[]
  readonly state?: readonly DeliveryState[]
  readonly parked?: true
  readonly workspace?: string
  readonly store?: string
  readonly source?: string
  readonly event?: string
  readonly since?: Date
  readonly until?: Date
}

/** Options that choose deliveries; all given must hold. */
export const addSelection = (command: Command): Command =>
  command
    .option("--parked", "those that failed for good")
    .option("--state <state>", `${deliveryStates.join(", ")}; repeatable`, oneOf(deliveryStates))
    .option("--workspace <name>", "of this workspace", workspaceName)
    .option("--store <name>", "of this store of the workspace", storeName)
    .option("--source <name>", "of this source: github")
    .option("--event <name>", "of this event: pull_request")
    .option("--since <time>", "accepted at or after: 2026-03-01, or 6h ago", moment)
    .option("--until <time>", "accepted before", moment)

export const addIds = (command: Command): Command =>
  command.option("--id <delivery>", "these deliveries; repeatable", list)

/** undefined when nothing was chosen. A workspace or a store that there is not is refused. */
export async function selectionOf(
  options: SelectionOptions,
  report: StoreReport,
): Promise<DeliverySelection | undefined> {
  const { id, parked, state, workspace, store, source, event, since, until } = options
  if (parked && state) throw new UsageError("--parked is short for --state parked: give one of the two")
  if (store !== undefined && workspace === undefined) throw new UsageError("--store needs --workspace")
  const [place] =
    workspace === undefined ? [] : await pickPlaces(report, { workspace, ...(store === undefined ? {} : { store }) })
  const states = parked ? (["parked"] as const) : state
  const selection = {
    ...(id ? { ids: id } : {}),
    ...(states ? { states } : {}),
    ...place,
    ...(source === undefined ? {} : { source }),
    ...(event === undefined ? {} : { event }),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
  }
  return Object.keys(selection).length === 0 ? undefined : selection
}
