import type { Log } from "@engram/contracts/ports"
import type { Tracing } from "./tracing.ts"

/** Sends spans where there is a collector. Where there is none nothing of OpenTelemetry is loaded. */
export const openTracing = async (
  endpoint: string | undefined,
  options: { readonly service: string; readonly log: Log },
): Promise<Tracing> =>
  endpoint === undefined
    ? { close: async () => {} }
    : (await import("./tracing.ts")).startTracing({ endpoint, ...options })
