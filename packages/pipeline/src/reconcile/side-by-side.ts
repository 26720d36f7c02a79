interface Keyed {
  readonly key: string
}

/**
 * Two streams of pages, each in the order of its keys, as pairs of equal keys; one of the two is undefined where the other stream has
 * none. Holds a page of each. Throws when a stream is out of order: every difference it would show then is none.
 */
export async function* sideBySide<Left extends Keyed, Right extends Keyed>(
  left: AsyncIterable<readonly Left[]>,
  right: AsyncIterable<readonly Right[]>,
): AsyncGenerator<readonly [Left, Right | undefined] | readonly [undefined, Right]> {
  const rights = inOrder(right)
  let next = await rights.next()
  for await (const item of inOrder(left)) {
    while (!next.done && next.value.key < item.key) {
      yield [undefined, next.value]
      next = await rights.next()
    }
    const isPair = !next.done && next.value.key === item.key
    yield [item, isPair ? next.value : undefined]
    if (isPair) next = await rights.next()
  }
  for (; !next.done; next = await rights.next()) yield [undefined, next.value]
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
