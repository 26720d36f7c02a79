import { Rejected } from "@engram/contracts/errors"

/** How `run` was refused; throws when it was not. */
export function refusal(run: () => unknown): Rejected {
  try {
    run()
  } catch (error) {
    if (error instanceof Rejected) return error
    throw error
  }
  throw new Error("Nothing was refused.")
}
