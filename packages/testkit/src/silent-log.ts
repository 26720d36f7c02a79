import type { Log } from "@engram/contracts/ports"

/** For tests that do not read the log. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
