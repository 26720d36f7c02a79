/** What a process's `/metrics` say, each the sum over its labels but those named. */
export async function readMetrics(url: string): Promise<(name: string, labels?: string) => number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return (name, labels = "") =>
    [...text.matchAll(new RegExp(`^engram_${name}(?:{([^}]*)})? (\\S+)$`, "gm"))]
      .filter(([, given = ""]) => given.includes(labels))
      .reduce((total, [, , value]) => total + Number(value), 0)
}

export async function readEmbedding(url: string): Promise<{ calls: number; texts: number }> {
  const sum = await readMetrics(url)
  return { calls: sum("embedding_calls_total"), texts: sum("embedding_texts_total") }
}
