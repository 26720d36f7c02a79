import { indexLoad } from "./figures/index-load.ts"
import { createSite } from "./site.ts"

const site = await createSite()
for (const q of process.argv.slice(2) as any[]) {
  const r = await indexLoad(site, { queue: q, count: 5000, again: true })
  console.log(q, r.documents / r.seconds, r)
}
await site.close()
