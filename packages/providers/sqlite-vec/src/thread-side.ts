import { parentPort, workerData } from "node:worker_threads"

/** What `createThreads` asks a thread, some in a message. */
export interface Posed<Question> {
  readonly at: number
  readonly question: Question
}

/** What `createThreads` gets from a thread: an answer, or SQLite's failure with what tells its kind. */
export interface Answered<Answer> {
  readonly at: number
  readonly result:
    | { readonly answer: Answer }
    | { readonly failed: { readonly message: string; readonly errcode: number | undefined } }
}

/** Answers questions about the thread's file. It is opened at the first, and again at the next when that fails. */
export function answerQuestions<Question, Answer>(
  open: (path: string) => (question: Question) => Promise<Answer>,
): void {
  let work: ReturnType<typeof open> | undefined
  const answers: Answered<Answer>[] = []
  const tell = (): void => parentPort!.postMessage(answers.splice(0))

  const answer = async ({ at, question }: Posed<Question>): Promise<void> => {
    let result: Answered<Answer>["result"]
    try {
      work ??= open(workerData.path)
      result = { answer: await work(question) }
    } catch (error) {
      // Our words do not cross threads; SQLite's do, and are told in ours where they arrive.
      const { cause = error } = error as { readonly cause?: unknown }
      const { message, errcode } = cause as { readonly message: string; readonly errcode?: number }
      result = { failed: { message, errcode } }
    }
    if (answers.push({ at, result }) === 1) setImmediate(tell)
  }
  parentPort!.on("message", (questions: readonly Posed<Question>[]) => {
    for (const each of questions) void answer(each)
  })
}
