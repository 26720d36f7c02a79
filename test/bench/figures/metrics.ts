/** What the worker's `/metrics` say of embedding. */
export async function readMetrics(url: string): Promise<{ calls: number; texts: number }> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, "gm"))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    )
  return { calls: sum("engram_embedding_calls_total"), texts: sum("engram_embedding_texts_total") }
}
