import type { Drafts } from "@engram/contracts/draft"
import type { ConnectionId, DeliveryId } from "@engram/contracts/ids"
import type { Source } from "@engram/contracts/source"

/** A delivery whose source found something to remember in it. */
export interface ReadDelivery {
  readonly id: DeliveryId
  readonly connectionId: ConnectionId
  readonly source: Source
  /** When it was accepted, in ms. */
  readonly receivedAt: number
  readonly drafts: Drafts
}
