/**
 * Answers of `load` kept in this process: found ones for `foundMs`, missing ones for `missingMs`. Callers who ask at once
 * share one load; a load that fails is not kept. At most `entriesMax`, the oldest go first.
 */
export function remember<Value>(
  load: (key: string) => Promise<Value | undefined>,
  options: { foundMs: number; missingMs: number; entriesMax: number },
): (key: string) => Promise<Value | undefined> {
  const kept = new Map<string, { readonly answer: Promise<Value | undefined>; until: number }>()

  return (key) => {
    const known = kept.get(key)
    if (known !== undefined && known.until > performance.now()) return known.answer

    const entry = { answer: load(key), until: Number.POSITIVE_INFINITY }
    kept.delete(key)
    kept.set(key, entry)
    if (kept.size > options.entriesMax) kept.delete(kept.keys().next().value as string)
    entry.answer.then(
      (value) => {
        entry.until = performance.now() + (value === undefined ? options.missingMs : options.foundMs)
      },
      () => {
        if (kept.get(key) === entry) kept.delete(key)
      },
    )
    return entry.answer
  }
}
