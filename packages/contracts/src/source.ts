import type { MergedPart, Normalized, Rendered } from "./draft.ts"
import type { JsonObject } from "./json.ts"
import type { WrittenId } from "./names.ts"

/** A request as it arrived. Header names are lowercase; the body is untouched bytes. */
export interface ReceivedRequest {
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: Uint8Array
}

/**
 * `answer` is the JSON an authentic request is answered with. `secret` is one that the sender brings before anything can be
 * signed: the first is kept, for a connection that has none, and every other is refused.
 */
export type Handshake = { readonly answer: JsonObject } | { readonly secret: string }

/** A delivery as a source reads it again later: the stored headers and bytes. */
export interface StoredRequest extends ReceivedRequest {
  /** When it was accepted, in ms. For payloads that carry no time of their own. */
  readonly receivedAt: number
}

/** Everything Engram knows about one kind of sender. A plain object; nothing outside its folder branches on its name. */
export interface Source {
  readonly name: string
  /** Content types accepted, without parameters; others are answered 415. */
  readonly contentTypes: readonly string[]
  /** Request headers worth keeping, lowercase. No secrets, no signatures. */
  readonly keptHeaders: readonly string[]
  /** The sender's id of the delivery, or undefined when the request names none (then it is answered 400). */
  deliveryKey(request: ReceivedRequest): string | undefined
  /**
   * Whether any of the secrets made the request's signature and, where the sender signs the time, `now` (ms) is within its
   * tolerance. Compared in constant time; `[]` is never authentic.
   */
  isAuthentic(request: ReceivedRequest, secrets: readonly string[], now: number): boolean
  /** What to answer to a request that only asks who is there, and is no delivery. Reads nothing else; undefined for all others. */
  handshake?(request: ReceivedRequest): Handshake | undefined
  /** How the secret comes to both sides: made here and pasted there, made there and given here, or brought by the handshake. */
  readonly secretFrom: "here" | "there" | "handshake"
  /** What to do on the sender's side with the URL and the secret, in a sentence for the person who connects it. */
  readonly setup: string
  /** What happened, in one word for lists and metrics, without parsing the body: `pull_request`. */
  eventName(request: ReceivedRequest): string
  /** Pure. Throws `Rejected` with the path of the field that cannot be read. Unknown events are skipped, never thrown. */
  normalize(request: StoredRequest): Normalized
  /** Pure; the same parts give the same document. Called with at least the parts that are alive, in (createdAt, partId) order. */
  render(document: { readonly sourceId: string; readonly parts: readonly MergedPart[] }): Rendered
  /**
   * Where its texts have ids in place of people's names, in the order of the text; `url` is the document's. A reader is shown
   * what they are called now. Pure.
   */
  writtenIds?(text: string, url: string): readonly WrittenId[]
}
