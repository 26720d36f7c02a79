import { parentPort, workerData } from "node:worker_threads"

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
  parentPort!.on("message", async ({ at, question }: { readonly at: number; readonly question: Question }) => {
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
    parentPort!.postMessage({ at, result })
  })
}
