import type { Command } from "commander"
import type { Context } from "../context.ts"

export function addDeliveries(_program: Command, _context: Context): void {}
