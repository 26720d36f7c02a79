import type { Outcome, ShownPerson } from "@engram/store/people"
import type { Terminal } from "./terminal.ts"
import { ago, count } from "./words.ts"

type Account = ShownPerson["accounts"][number]

/** An account by the alias that commands take, and what is known of it. */
export function accountInWords({
  aliasType,
  aliasValue,
  name,
  handle,
  address,
  hint,
  verified,
  kind,
}: Account): string {
  const parts = [
    `${aliasType}:${aliasValue}`,
    ...(handle ? [handle] : []),
    ...(name ? [`"${name}"`] : []),
    ...(address ? [verified ? address : `${address} (not verified)`] : []),
    ...(hint ? [`${hint} (in commits)`] : []),
    ...(kind === "person" ? [] : [kind]),
  ]
  return parts.join(", ")
}

export function personInWords(terminal: Terminal, person: ShownPerson): string {
  const heading = (words: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", terminal.style("bold", words), ...lines]
  const links = person.links.map(({ by, key, accountIds, verdict }) => {
    const what = by === "address" ? key : `the account ${key}`
    const others = accountIds.filter((id) => !person.accounts.some((account) => account.id === id))
    const also = others.length > 0 ? `; also ${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}` : ""
    return `${verdicts[verdict]} ${by} ${what}, of ${count(accountIds.length, "account")}${also}`
  })
  return [
    `${terminal.style("bold", person.name)}  ${person.id}${person.kind === "person" ? "" : ` (${person.kind}, nobody)`}`,
    ...heading(
      "accounts",
      person.accounts.map((account) => `${account.id}  ${accountInWords(account)}`),
    ),
    ...heading(
      "names",
      person.aliases.map(({ type, value }) => `${type}:${value}`),
    ),
    ...heading("evidence", links),
    ...heading(
      "decided",
      person.decisions.map((decision) =>
        "address" in decision
          ? `${decision.address} is ${decision.verdict}  ${decision.auditId}`
          : `${decisionInWords(decision)}  ${decision.auditId}`,
      ),
    ),
    ...heading(
      "told apart",
      person.leavers.map((id) => `${id} holds no automatic link, since it would meet whom it was told apart from`),
    ),
    ...heading(
      "history",
      person.history.map(
        ({ id, at, actor, action, undoes, subjects }) =>
          `${id}  ${ago(at)}  ${actor}  ${action}${undoes ? ` of ${undoes}` : ""}  ${subjects.join(" ")}`,
      ),
    ),
  ].join("\n")
}

const verdicts: { readonly [verdict in ShownPerson["links"][number]["verdict"]]: string } = {
  links: "linked by",
  shared: "not linked, shared:",
  ambiguous: "not linked, changed hands:",
  "names differ": "not linked, other names:",
  "too many": "not linked, too many have it:",
}

function decisionInWords(decision: Exclude<ShownPerson["decisions"][number], { address: string }>): string {
  const [a, b] = decision.accounts
  if (decision.verdict === "same") return `${a} and ${b} are one person`
  return `${decision.leaves} is not ${decision.leaves === a ? b : a}'s person`
}

export function outcomeInWords(terminal: Terminal, { auditId, people }: Outcome): string {
  const lines = people.map(
    ({ id, name, accounts }) =>
      `${terminal.style("bold", name)}  ${id}: ${accounts.map(({ aliasType, aliasValue }) => `${aliasType}:${aliasValue}`).join(", ")}`,
  )
  return [`${auditId}: now`, ...lines].join("\n")
}
