import type { Lifecycle } from "./lifecycle.ts"

/** On SIGTERM or SIGINT closes all that was opened and ends the process: with 0, or with 1 once `onError` has heard what did not close well. */
export function endOnSignal(lifecycle: Pick<Lifecycle, "close">, onError: (error: unknown) => void): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      lifecycle.close().then(
        () => process.exit(0),
        (error) => {
          onError(error)
          process.exit(1)
        },
      )
    })
  }
}
