import { compareText } from "@engram/core/compare-text"

interface Keyed {
  readonly key: string
}

/**
 * Two streams of pages, each in the order of its keys, as pairs of equal keys; one of the two is undefined where the other stream has
 * none. Holds a page of each. Throws when a stream is out of order: every difference it would show then is none.
 */
export async function* side<Left extends Keyed, Right extends Keyed>(
  left: AsyncIterable<readonly Left[]>,
  right: AsyncIterable<readonly Right[]>,
): AsyncGenerator<readonly [Left, Right | undefined] | readonly [undefined, Right]> {
  const lefts = inOrder(left)
  const rights = inOrder(right)
  let a = await lefts.next()
  let b = await rights.next()
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compareText(a.value.key, b.value.key)
    if (!a.done && order <= 0) yield [a.value, order === 0 && !b.done ? b.value : undefined]
    else if (!b.done) yield [undefined, b.value]
    if (order <= 0) a = await lefts.next()
    if (order >= 0) b = await rights.next()
  }
}

async function* inOrder<Item extends Keyed>(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Item, undefined> {
  let last = ""
  for await (const page of pages) {
    for (const item of page) {
      if (item.key <= last) throw new Error(`"${item.key}" is listed after "${last}": the listing is not in order`)
      last = item.key
      yield item
    }
  }
}
