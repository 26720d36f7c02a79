import type { Source } from "@engram/contracts/source"
import { events } from "./events/index.ts"
import { github } from "./github/index.ts"
import { linear } from "./linear/index.ts"
import { notion } from "./notion/index.ts"

/** Every source by its name. A new one is a folder and a line here. */
export const sources: Readonly<Record<string, Source>> = { github, linear, notion, events }
