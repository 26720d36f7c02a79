export interface Regularly {
  /** From the end of one to the start of the next. */
  readonly everyMs: number
  /** Hears why `work` failed, which is tried again at its next time. */
  readonly onError: (error: unknown) => void
}

/** Runs `work` now and then again and again, never two at a time. Returns how to stop, which waits for the one that runs. */
export function regularly(work: () => Promise<void>, { everyMs, onError }: Regularly): () => Promise<void> {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const once = async (): Promise<void> => {
    try {
      await work()
    } catch (error) {
      onError(error)
    }
    if (!stopped) timer = setTimeout(start, everyMs)
  }
  const start = (): void => {
    running = once()
  }
  start()
  return async () => {
    stopped = true
    clearTimeout(timer)
    await running
  }
}
