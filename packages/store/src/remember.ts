/**
 * Answers of `load` kept in this process: found ones for `foundMs`, missing ones for `missingMs`. Callers who ask at once
 * share one load; a load that fails is not kept, and neither is one that is not `settled`. At most `entriesMax`, the oldest go first.
 */
export function remember<Value>(
  load: (key: string) => Promise<Value | undefined>,
  options: { foundMs: number; missingMs: number; entriesMax: number; settled?: (value: Value) => boolean },
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
        const keptMs =
          value === undefined ? options.missingMs : (options.settled?.(value) ?? true) ? options.foundMs : 0
        entry.until = performance.now() + keptMs
      },
      () => {
        if (kept.get(key) === entry) kept.delete(key)
      },
    )
    return entry.answer
  }
}
