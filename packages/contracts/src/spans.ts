import { tracingChannel } from "node:diagnostics_channel"

/** A piece of work as a trace shows it. Names and attributes hold ids, counts and places: never texts, never secrets. */
export interface SpanSaid {
  /** Of few kinds: `POST /v1/search`, `turn embed`. What tells two of a kind apart is an attribute. */
  readonly name: string
  /** What it is to others: it answers a request, asks somebody outside, takes up what a queue held, or is a step of such. */
  readonly kind: "server" | "client" | "consumer" | "internal"
  /** May be added to until it ends. */
  readonly attributes: { [name: string]: string | number }
  /** The W3C `traceparent` that came with a request. */
  readonly traceparent?: string | undefined
}

/**
 * Spans are said on this channel of `node:diagnostics_channel`, for the reason that breakers are (breakers.ts). What is begun in one
 * belongs to it. While nobody listens, saying it costs a look.
 */
export const spanChannel = tracingChannel<unknown, SpanSaid>("engram:span")

/** Does the work as one span, which ends when it does, in an error where it fails. */
export const traced = <T>(span: SpanSaid, work: () => Promise<T>): Promise<T> =>
  spanChannel.start.hasSubscribers ? spanChannel.tracePromise(work, span) : work()
