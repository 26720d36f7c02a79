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

/** What of a store an import of what is known already leaves as it is. */
export const known = async (bench: Workbench) => ({
  documents: await bench.rows(
    "select id, version, indexed_version, content_hash, live from knowledge_documents order by 1",
  ),
  observations: await bench.rows("select id, content_hash, live from memory_observations order by 1"),
  chunks: await bench.rows("select id, version_from, version_to from knowledge_chunks order by 1"),
  vectors: await bench.rows("select ref_id, view, wanted_hash, written_hash from vector_entries order by 1, 2"),
})
