import type { ContractPromise } from "./promise.ts"
import { badInput } from "./promises/bad-input.ts"
import { namespaces } from "./promises/namespaces.ts"
import { searching } from "./promises/searching.ts"
import { timeToLive } from "./promises/time-to-live.ts"
import { writing } from "./promises/writing.ts"

/** What every memory plugin of contract version 1 keeps; those that need a capability the plugin does not name are left out. */
export const contractPromises: readonly ContractPromise[] = [
  ...namespaces,
  ...writing,
  ...searching,
  ...timeToLive,
  ...badInput,
]
