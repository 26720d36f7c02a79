import type { Decision } from "@engram/contracts/people"
import { groupsOf } from "./people.ts"

type Apart = Extract<Decision, { verdict: "apart" }>

/** A pair that operators told apart although their other decisions join it. Evidence gives way to such a pair; a word would not. */
export function contradictionIn(decisions: readonly Decision[]): Apart | undefined {
  const told = groupsOf(decisions, { has: () => true })
  return decisions
    .filter((decision) => decision.verdict === "apart")
    .find(({ accounts: [a, b] }) => told.of(a) === told.of(b))
}
