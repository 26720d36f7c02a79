/**
 * Memory for request bodies, taken as they arrive: who announces much and sends nothing holds nothing. Whoever asks for more than
 * may be had waits in line, with its socket unread, so that its sender waits too; nobody is refused.
 *
 * Half-read bodies hold what the others wait for. So that they never all wait for one another, nothing is given that would not
 * leave all that are half read a way to their ends, one after the other, with what those before gave back (the banker's rule).
 * One whose sender stalls keeps what it has until the server's request timeout.
 */
export interface BodyBudget {
  /** For a body that may come to take so much. It holds nothing yet, and stands in nobody's way. */
  open(mostBytes: number): BodyShare
  held(): number
}

/** What one body holds. */
export interface BodyShare {
  /** Calls `go` once so many bytes more are held: at once, or when its turn comes; never after `release`. */
  take(bytes: number, go: () => void): void
  /** The body is complete: so much is kept, and no more will be asked for. */
  settle(bytes: number): void
  /** Gives everything back, and the place in line; calling that again changes nothing. */
  release(): void
}

interface Body {
  readonly most: number
  held: number
}

interface Waiting {
  readonly body: Body
  readonly bytes: number
  readonly go: () => void
}

/**
 * In line, the half read come before those that hold nothing, and the nearest to its end first: by the rule above it can have
 * what it asks for. The others are first come, first served: a large body is not overtaken for ever by small ones. How long the
 * line may get is the server's limit on connections; how long one may stand in it is its request timeout.
 */
export function createBodyBudget(bytesMax: number, onChange: (heldBytes: number) => void = () => {}): BodyBudget {
  let held = 0
  let largest = 0
  const halfRead = new Set<Body>()
  let line: Waiting[] = []

  const keep = (body: Body, bytes: number): void => {
    if (bytes === body.held) return
    held += bytes - body.held
    body.held = bytes
    onChange(held)
  }

  // One larger than the whole budget goes alone.
  const fits = ({ body, bytes }: Waiting): boolean => held === body.held || held + bytes <= bytesMax

  const leavesAWay = ({ body, bytes }: Waiting): boolean => {
    // With room for the largest there was, which is so most of the time, nothing has to be sorted.
    if (held + bytes + largest <= bytesMax) return true
    const others = [...halfRead].filter((other) => other !== body)
    return canAllEnd([...others, { most: body.most, held: body.held + bytes }], bytesMax)
  }

  /** Who waits for room is waited for. Who waits for others to end is passed by what is complete with what it asks for. */
  const next = (): Waiting | undefined => {
    let isPassing = false
    for (const waiting of line) {
      if (!fits(waiting)) return undefined
      if (isLast(waiting) || (!isPassing && leavesAWay(waiting))) return waiting
      isPassing = true
    }
    return undefined
  }

  const admit = (): void => {
    for (let admitted = next(); admitted !== undefined; admitted = next()) {
      const { body, bytes, go } = admitted
      line.splice(line.indexOf(admitted), 1)
      halfRead.add(body)
      keep(body, body.held + bytes)
      go()
    }
  }

  const leave = (body: Body, bytes: number): void => {
    halfRead.delete(body)
    keep(body, bytes)
    if (line.length === 0) return
    line = line.filter((waiting) => waiting.body !== body)
    admit()
  }

  return {
    open: (mostBytes) => {
      const body: Body = { most: Math.min(mostBytes, bytesMax), held: 0 }
      largest = Math.max(largest, body.most)
      return {
        take: (bytes, go) => {
          const behind = line.findIndex((other) => rank(other.body) > rank(body))
          line.splice(behind === -1 ? line.length : behind, 0, { body, bytes, go })
          admit()
        },
        settle: (bytes) => leave(body, bytes),
        release: () => leave(body, 0),
      }
    },
    held: () => held,
  }
}

const missing = ({ most, held }: Body): number => most - held

/** What ends by itself then stands in no other's way. */
const isLast = ({ body, bytes }: Waiting): boolean => bytes >= missing(body)

const rank = (body: Body): number => (body.held > 0 ? missing(body) : Number.POSITIVE_INFINITY)

/** Whether each can have all that it misses, once those that miss less have ended. Complete ones end by themselves. */
function canAllEnd(bodies: readonly Body[], bytesMax: number): boolean {
  let free = bytesMax - bodies.reduce((sum, { held }) => sum + held, 0)
  for (const body of bodies.toSorted((one, other) => missing(one) - missing(other))) {
    if (missing(body) > free) return false
    free += body.held
  }
  return true
}
