/** Memory for request bodies. Whoever asks for more than is left waits in line, with its socket unread, so that its sender waits too. */
export interface BodyBudget {
  /** Resolves to what gives the bytes back; calling that again changes nothing. */
  take(bytes: number): Promise<() => void>
  held(): number
}

/**
 * First come, first served: a large body at the head of the line is not overtaken for ever by small ones. How long the line may
 * get is the server's limit on connections; how long one may stand in it is the server's request timeout.
 */
export function createBodyBudget(bytesMax: number, onChange: (heldBytes: number) => void = () => {}): BodyBudget {
  let held = 0
  const line: { readonly bytes: number; readonly go: () => void }[] = []

  const grant = (bytes: number): (() => void) => {
    held += bytes
    onChange(held)
    let given = false
    return () => {
      if (given) return
      given = true
      held -= bytes
      onChange(held)
      admit()
    }
  }
  // One larger than the whole budget goes alone.
  const fits = (bytes: number): boolean => held === 0 || held + bytes <= bytesMax
  const admit = (): void => {
    for (let first = line[0]; first !== undefined && fits(first.bytes); first = line[0]) {
      line.shift()
      first.go()
    }
  }

  return {
    take: (bytes) => {
      if (line.length === 0 && fits(bytes)) return Promise.resolve(grant(bytes))
      return new Promise((resolve) => line.push({ bytes, go: () => resolve(grant(bytes)) }))
    },
    held: () => held,
  }
}
