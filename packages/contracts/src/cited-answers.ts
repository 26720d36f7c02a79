/** A text that a model may rest its answer on. */
export interface CitedDocument {
  readonly id: string
  /** Shown to the model, names and values: data, never instructions. */
  readonly fields: { readonly [name: string]: string }
}

/** A stretch of an answer (UTF-16, `to` not included) and the documents the model says it rests on; they need not exist. */
export interface Citation {
  readonly from: number
  readonly to: number
  readonly ids: readonly string[]
}

export interface CitedAnswer {
  readonly text: string
  readonly citations: readonly Citation[]
}

/** A language model that says which document each stretch of its answer rests on. */
/** What one answer cost, as its provider bills it. */
export interface TokensSpent {
  readonly input: number
  readonly output: number
}

export interface CitingModel {
  /** Provider and model. */
  readonly name: string
  /**
   * A whole answer, as repeatable as the model allows; whether it is any good is for the caller to find out. An answer that broke off,
   * called tools or held no text is `Rejected("answer_broken")`, a question the service does not take `Rejected("question_refused")`. Outages are `RetryLater`.
   * `onSpent` hears of every answer that came, also of one that is then rejected.
   */
  answer(
    question: {
      /** The system's words, above everything that documents say. */
      readonly instructions: string
      readonly question: string
      /** One at least, ids unique. */
      readonly documents: readonly CitedDocument[]
    },
    onSpent?: (tokens: TokensSpent) => void,
  ): Promise<CitedAnswer>
  /** Rejects when the service cannot be used, saying why. */
  check(): Promise<void>
}
