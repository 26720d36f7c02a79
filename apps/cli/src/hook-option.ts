import { reasonOf } from "@engram/contracts/errors"
import { readHook } from "@engram/platform/open-webhook-logs"
import { InvalidArgumentError } from "commander"
import { list } from "./options.ts"

/** Webhooks as persons name them; repeatable. */
export const hooks = (text: string, earlier: readonly string[] = []): string[] => {
  try {
    return [...earlier, ...list(text).map(readHook)]
  } catch (error) {
    throw new InvalidArgumentError(reasonOf(error))
  }
}
