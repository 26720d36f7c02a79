/** What a process has opened, closed in reverse order. */
export interface Lifecycle {
  /** Remembers how to close `resource` and returns it. What is owned while closing is closed too. */
  own<Resource>(resource: Resource, close: (resource: Resource) => unknown, name?: string): Resource
  /**
   * The same for what takes its time to open: closing waits until it is open. Whoever opens it while everything closes is not let go
   * on, as what is to be closed next would be used again: their promise stays open, and nothing is opened once closing has begun.
   */
  opening<Resource>(
    open: () => Promise<Resource>,
    close: (resource: Resource) => unknown,
    name?: string,
  ): Promise<Resource>
  /**
   * Closes everything, newest first; every call gives the same promise. One that fails or takes too long does not keep the
   * others open: their errors are thrown together, as an AggregateError, once all have had their turn.
   */
  close(): Promise<void>
}

interface Owned {
  readonly name: string
  readonly close: () => unknown
}

/**
 * `stepMs` bounds each resource and `totalMs` all of them; what the total leaves no time for is closed without waiting. Of
 * the total `lastMs` are kept for what was opened first, which may be a database that nobody else would stop.
 */
export function createLifecycle({ stepMs = 15_000, totalMs = 25_000, lastMs = 3_000 } = {}): Lifecycle {
  const owned: Owned[] = []
  let closing: Promise<void> | undefined

  const closeAll = async (): Promise<void> => {
    const deadline = Date.now() + totalMs
    const errors: unknown[] = []
    for (let step = owned.pop(); step !== undefined; step = owned.pop()) {
      const leftMs = deadline - Date.now() - (owned.length > 0 ? lastMs : 0)
      await within(Math.max(0, Math.min(stepMs, leftMs)), step).catch((error) => errors.push(error))
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} of the parts did not close well`)
  }

  const own: Lifecycle["own"] = (resource, close, name = "a resource") => {
    owned.push({ name, close: () => close(resource) })
    // Too late for the promise that callers already hold: its failure has nobody left to tell.
    if (closing !== undefined) {
      const late = closing.catch(() => {}).then(closeAll)
      late.catch(() => {})
    }
    return resource
  }
  return {
    own,
    opening: async (open, close, name) => {
      if (closing !== undefined) return never()
      const opened = open()
      // One that does not open is nothing to close; whoever opens it hears why.
      const closeIt = opened.then(
        (resource) => () => close(resource),
        () => () => {},
      )
      own(closeIt, async (closeIt) => (await closeIt)(), name)
      const resource = await opened
      return closing === undefined ? resource : never()
    },
    close: () => {
      closing ??= closeAll()
      return closing
    },
  }
}

const never = (): Promise<never> => new Promise(() => {})

async function within(limitMs: number, step: Owned): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`closing ${step.name} took longer than ${limitMs} ms`)), limitMs)
  })
  try {
    await Promise.race([(async () => step.close())(), late])
  } finally {
    clearTimeout(timer)
  }
}
