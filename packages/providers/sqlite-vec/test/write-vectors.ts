import { createSqliteVecIndex } from "../src/sqlite-vec-index.ts"

const [path = "", name = ""] = process.argv.slice(2)
const vectors = createSqliteVecIndex({ path })
await vectors.ensure("memory", 64)
for (let batch = 0; batch < 20; batch++) {
  const ids = [...Array.from({ length: 30 }, (_, i) => `${name}-${batch}-${i}`), "written-by-all"]
  const records = ids.map((id) => ({ id, values: new Float32Array(64).fill(0.125), metadata: { source: name } }))
  await vectors.upsert({ index: "memory", namespace: "chunks" }, records)
}
vectors.close()
