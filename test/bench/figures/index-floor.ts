import { join } from "node:path"
import { startChild } from "../child.ts"
import type { FloorIndexed } from "../floor-index.ts"
import { fileAt, type Site } from "../site.ts"

export async function indexFloor(site: Site, count: number): Promise<FloorIndexed> {
  const floor = startChild(fileAt("./floor-index.ts"))
  const databaseUrl = await site.database("none")
  const vectorFile = join(site.directory, `${new URL(databaseUrl).pathname.slice(1)}.vectors`)
  try {
    return await floor.ask<FloorIndexed>({ databaseUrl, vectorFile, count })
  } finally {
    await floor.stop()
  }
}
