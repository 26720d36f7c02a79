import type { ConnectionId, DeliveryId, StoreId, WorkspaceId } from "./ids.ts"
import type { JsonObject } from "./json.ts"

/** Something of a provider's past, as a delivery that no webhook sent: it is read by the same source, like any other. */
export interface HistoryDelivery {
  /** Whose `normalize` reads it. */
  readonly source: string
  /** Made of what the thing is and how it reads, so that the same thing fetched again is a repeat. At most 255 characters. */
  readonly deliveryKey: string
  readonly event: string
  readonly headers: { readonly [name: string]: string }
  readonly body: Uint8Array
  /** When it came, where it is known; for payloads that carry no time of their own. */
  readonly receivedAt?: Date
}

export interface HistoryPage {
  readonly deliveries: readonly HistoryDelivery[]
  /** Where the next page begins; undefined says that there is none. Plain JSON, good for a later process too. */
  readonly next: JsonObject | undefined
  /** What was left out and why, each a line for a person: `line 17 is not JSON`. */
  readonly leftOut: readonly string[]
}

/** What a provider still has of the time before its webhook. Asked for the same cursor again, it gives that page again. */
export interface History {
  /**
   * The page at a cursor, the first one without. `RetryLater` when the provider is away or wants to be left alone for a while;
   * `Rejected` when a person has to do something: another token, a permission, a name that exists.
   */
  page(cursor: JsonObject | undefined): Promise<HistoryPage>
}

/** What is imported into where. Two runs of one import share its progress. */
export interface ImportRequest {
  readonly workspaceId: WorkspaceId
  readonly storeId: StoreId
  readonly source: string
  /** `octo-org/hello-world: issues, pulls`. */
  readonly what: string
  /** Only what changed since; left out, what changed since the last run that left nothing out, or everything. */
  readonly since?: Date
  /** Forget how far earlier runs came. */
  readonly restart?: boolean
}

/** One process at work on an import. */
export interface ImportRun {
  readonly id: string
  /** Counts the processes that took this import up: only the latest may go on. */
  readonly run: number
  readonly since: Date | undefined
  readonly cursor: JsonObject | undefined
  readonly pages: number
  readonly fetched: number
  readonly added: number
  /** Whether it goes on where a run was interrupted. */
  readonly resumed: boolean
}

export interface IdentifiedDelivery extends HistoryDelivery {
  readonly id: DeliveryId
  readonly connectionId: ConnectionId
  readonly bodyHash: string
}

export interface ImportLedger {
  /** Where the import would go on; writes nothing. `Rejected("import_unfinished")` as `begin`. */
  look(request: ImportRequest): Promise<Omit<ImportRun, "run">>
  /**
   * Goes on with an unfinished run, or begins one. `Rejected("import_unfinished")` when an unfinished run asks since another
   * time than the request does.
   */
  begin(request: ImportRequest): Promise<ImportRun>
  /**
   * The deliveries of a page and where the next one begins, in one transaction: both, or neither. Says how many are new.
   * `Rejected("import_taken_over")` when a later process took the import up; nothing is written then.
   */
  commit(
    request: ImportRequest,
    run: ImportRun,
    page: { readonly deliveries: readonly IdentifiedDelivery[]; readonly next: JsonObject | undefined },
  ): Promise<{ readonly added: number; readonly run: ImportRun }>
  /** How many of these are there already. */
  known(workspaceId: WorkspaceId, ids: readonly DeliveryId[]): Promise<number>
}
