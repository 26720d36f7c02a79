import type { History, ImportRequest } from "@engram/contracts/history"
import { type Imported, importHistory } from "@engram/pipeline/import-history"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createImportLedger } from "@engram/store/import-ledger"
import type { Workbench } from "./workbench.ts"

/** Imports a history into a workbench's first store, as the command line does. */
export const importInto = (
  bench: Workbench,
  source: string,
  open: (since: Date | undefined) => History,
  more: Partial<ImportRequest> = {},
): Promise<Imported> =>
  importHistory(
    {
      ledger: createImportLedger(bench),
      inbox: createDeliveryInbox(bench),
      open,
      wake: async () => {},
      limits: { backlogMax: 100_000, backlogPollMs: 10, failuresMax: 3, backoffMs: 10 },
      signal: new AbortController().signal,
    },
    { ...bench.lane, source, what: source, ...more },
  )
