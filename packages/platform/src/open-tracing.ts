import type { Config } from "@engram/config/config"
import type { Log } from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"

/** Sends spans where there is a collector, until the lifecycle closes. Where there is none nothing of OpenTelemetry is loaded. */
export async function openTracing(
  { tracesUrl }: Pick<Config, "tracesUrl">,
  { service, log, lifecycle }: { readonly service: string; readonly log: Log; readonly lifecycle: Lifecycle },
): Promise<void> {
  if (tracesUrl === undefined) return
  const { startTracing } = await import("@engram/observability/tracing")
  lifecycle.own(startTracing({ endpoint: tracesUrl, service, log }), (tracing) => tracing.close(), "the traces")
}
