/** An answer that is not what the client hoped for. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly status: number
  readonly code: string
  /** The field that is wrong. */
  readonly path: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    status: number,
    code: string,
    message: string,
    options: { readonly path?: string; readonly retryAfterSeconds?: number } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.path = options.path
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** What a refusal says on the wire. */
export interface RefusalBody {
  readonly code: string
  readonly message: string
  readonly path?: string
}
