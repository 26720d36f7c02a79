/**
 * Works through the items, `lanes` at a time, in order. The first failure, of an item or of getting one, stops all lanes, and is thrown
 * when they have ended.
 */
export async function inLanes<Item>(
  items: AsyncGenerator<Item, void>,
  lanes: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let failed = false
  const lane = async (): Promise<void> => {
    try {
      for (let next = await items.next(); !next.done && !failed; next = await items.next()) await work(next.value)
    } catch (error) {
      failed = true
      throw error
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane))
  await items.return()
  for (const end of ends) if (end.status === "rejected") throw end.reason
}
