import { fileURLToPath } from "node:url"
import { type Environment, type RunningProcess as Running, runProcess } from "@engram/testkit/processes"

export type { Environment }

export interface RunningProcess extends Omit<Running, "ready"> {
  /** Where it listens: ingest's door, the status page of a worker or of nightly, the memory plugin of the memory process. */
  readonly url: string
}

/** Resolves once the program says that it is ready; rejects with what it said when it ends before. */
export async function startProcess(
  app: "ingest" | "worker" | "memory" | "nightly",
  environment: Environment,
): Promise<RunningProcess> {
  const running = runProcess(fileURLToPath(new URL(`../apps/${app}/src/main.ts`, import.meta.url)), environment)
  const { plugin, url, status } = await running.ready
  return { ...running, url: (plugin ?? url ?? status)! }
}
