import type { AliasRef } from "./graph.ts"

/** An id that stands in a text for somebody's name, and whom it means. */
export interface WrittenId {
  /** Where it begins and ends in the text; what the name goes in place of. */
  readonly from: number
  readonly to: number
  readonly alias: AliasRef
}

export interface AccountNames {
  /** What those who go by these aliases are called now, by alias id. Who is not known, or was forgotten, has none. */
  called(workspaceId: string, aliases: readonly AliasRef[]): Promise<ReadonlyMap<string, string>>
}
