import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"
import { type Environment, type RunningProcess, runProcess } from "./processes.ts"

/** Runs a program's main file; it does not outlive the test. */
export function startMain(main: URL, environment: Environment): RunningProcess {
  const started = runProcess(fileURLToPath(main), environment)
  onTestFinished(started.kill)
  return started
}
