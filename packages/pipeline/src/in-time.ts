/**
 * Settles as `work` does, or rejects with `why()` after `timeoutMs`, at most 24 days. What hangs is not stopped by that: whoever calls sees to
 * it that what it does later does no harm.
 */
export async function inTime<T>(timeoutMs: number, work: Promise<T>, why: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(why())), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** `90 s`, `60 minutes`. */
export const inWords = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 60_000)} minutes`
