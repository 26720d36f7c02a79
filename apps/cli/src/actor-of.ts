import { userInfo } from "node:os"
import type { Context } from "./context.ts"

/** Who did it, for the audit log. */
export const actorOf = ({ environment }: Context): string => environment.USER?.trim() || userInfo().username
