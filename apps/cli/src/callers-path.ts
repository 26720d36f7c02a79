import { resolve } from "node:path"
import type { Context } from "./context.ts"

/** A path as the caller means it: npm runs a command in the repository, and says where it was called. */
export const callersPath = ({ environment }: Pick<Context, "environment">, path: string): string =>
  resolve(environment.INIT_CWD ?? "", path)
