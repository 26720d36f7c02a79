/**
 * Settles as `work` does, or rejects with what `late` makes after `timeoutMs`, at most 24 days. What hangs is not stopped by that: whoever calls sees to
 * it that what it does later does no harm.
 */
export async function inTime<T>(timeoutMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** `90 s`, `60 minutes`. */
export const inWords = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 60_000)} minutes`
