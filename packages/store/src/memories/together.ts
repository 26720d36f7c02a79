import { RetryLater } from "@engram/contracts/errors"

/** Statements at once: while Postgres works on two, what comes gathers for the next. */
const statementsMax = 2
/** Of one statement: more hold up each other's answers for longer than they save. */
const questionsMax = 8
/** When no statement has ended for so long, what waits is asked beside them: they read much, and Postgres may have more processors. */
const patienceMs = 50

interface Waiting<Question, Answer> {
  readonly question: Question
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Asks `ask` what comes while others are being answered in one go, where it is alike; the answers are in the order of the questions.
 * A question that comes alone waits for nobody, and none for long. Where a batch is refused each is asked by itself, so that a question fails only for
 * what is its own; while something is away they fail together.
 */
export function askedTogether<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  isAlike: (a: Question, b: Question) => boolean,
): (question: Question) => Promise<Answer> {
  let waiting: Waiting<Question, Answer>[] = []
  let statements = 0
  let patience: NodeJS.Timeout | undefined

  const next = (): void => {
    while (statements < statementsMax && waiting.length > 0) begin()
    clearTimeout(patience)
    if (waiting.length > 0) {
      patience = setTimeout(() => {
        begin()
        next()
      }, patienceMs)
    }
  }

  const begin = (): void => {
    statements++
    void answer(take()).finally(() => {
      statements--
      next()
    })
  }

  const take = (): Waiting<Question, Answer>[] => {
    const { question } = waiting[0]!
    const batch = waiting.filter((each) => isAlike(each.question, question)).slice(0, questionsMax)
    const taken = new Set(batch)
    waiting = waiting.filter((each) => !taken.has(each))
    return batch
  }

  /** Never rejects: each gets its own answer. */
  const answer = async (batch: readonly Waiting<Question, Answer>[]): Promise<void> => {
    try {
      const answers = await ask(batch.map(({ question }) => question))
      for (const [at, { resolve }] of batch.entries()) resolve(answers[at]!)
    } catch (error) {
      await refuse(batch, error)
    }
  }

  const refuse = async (batch: readonly Waiting<Question, Answer>[], error: unknown): Promise<void> => {
    const isTheirs = batch.length === 1 || error instanceof RetryLater
    for (const each of batch) {
      if (isTheirs) each.reject(error)
      else await answer([each])
    }
  }

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject })
      // What is read in the same turn of the event loop goes together.
      if (waiting.length === 1) setImmediate(next)
    })
}
