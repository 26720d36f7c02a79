import type { RetentionDue } from "@engram/contracts/retention"
import { readTimeZone } from "@engram/core/consolidate/nights"
import { isCountry } from "@engram/core/redact/contacts"
import { createRetentionLedger } from "@engram/store/forget/retention"
import { createWorkspaceAdmin, type WorkspaceSettings } from "@engram/store/workspace-settings"
import { type Command, InvalidArgumentError } from "commander"
import { actorOf } from "../actor-of.ts"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { workspaceName } from "../options.ts"
import { readAgain } from "../read-again.ts"
import { dueInWords, isAnyDue } from "../show-retention.ts"
import { table } from "../table.ts"
import { count } from "../words.ts"

interface SetOptions {
  readonly redactEmails?: boolean
  readonly redactPhones?: string
  readonly keepRaw?: boolean
  readonly timeZone?: string
  readonly retentionDays?: number | "none"
  readonly legalHold?: boolean
  readonly apply?: true
  readonly json?: true
}

export function addWorkspace(program: Command, context: Context): void {
  const workspace = program
    .command("workspace")
    .description("What a workspace keeps of what it is sent, and when its night is.")
  workspace
    .command("list")
    .description("Every workspace with its choices. Credentials are taken out of texts whatever they are.")
    .option("--json", "print {workspaces} as JSON")
    .addHelpText("after", "\nExample:\n  engram workspace list")
    .action((options: { json?: true }) => listWorkspaces(context, options))
  workspace
    .command("show")
    .description("One workspace with its choices.")
    .argument("<workspace>", "its name", workspaceName)
    .option("--json", "print the choices as JSON")
    .addHelpText("after", "\nExample:\n  engram workspace show acme")
    .action((name: string, options: { json?: true }) => showWorkspace(context, name, options))
  workspace
    .command("set")
    .description("Change a choice. It holds for what is read from then on; workers see it within 2 seconds.")
    .argument("<workspace>", "its name", workspaceName)
    .option("--redact-emails <on|off>", "whether addresses of people become pseudonyms", onOff)
    .option(
      "--redact-phones <off|international|US>",
      "which of their numbers do: US for those dialled there too",
      phones,
    )
    .option("--keep-raw <on|off>", "whether the bytes of a delivery outlive its reading", onOff)
    .option("--time-zone <name>", "whose night it is when consolidation runs: Europe/Berlin", timeZone)
    .option("--retention-days <days|none>", "documents that nothing was said in for longer go in the night", days)
    .option(
      "--legal-hold <on|off>",
      "while on, nothing goes for its age or by `engram forget`; agents still delete memories, and memories expire",
      onOff,
    )
    .option("--apply", "take out what was read before, and read its deliveries again by the choices as they are now")
    .option("--json", "print the choices as JSON")
    .addHelpText(
      "after",
      `
What was read before stays as it was, and a replay does not change it: a value says the same thing at the same time. With --apply
it is taken out and read again; until workers are done it is not found, and its texts are embedded anew. By itself --apply changes
no choice. A source whose bytes were not kept is left as it is.

What retention removes is gone for good. --retention-days says how much is older by now, which the next night removes; until then
--retention-days none or --legal-hold on keeps it, and \`engram consolidate --dry-run\` counts again.

Examples:
  engram workspace set acme --redact-emails on --redact-phones US
  engram workspace set acme --redact-emails on --apply
  engram workspace set acme --keep-raw off --time-zone Europe/Berlin
  engram workspace set acme --retention-days 730
  engram workspace set acme --legal-hold on`,
    )
    .action((name: string, options: SetOptions) => setWorkspace(context, name, options))
}

function onOff(text: string): boolean {
  if (text === "on" || text === "off") return text === "on"
  throw new InvalidArgumentError("Expected on or off.")
}

// Commander takes null for no value, so off stays a word until the change is made.
function phones(text: string): string {
  if (text === "off" || text === "international" || isCountry(text)) return text
  throw new InvalidArgumentError("Expected off, international, or a country by its two letters: US.")
}

function timeZone(text: string): string {
  const known = readTimeZone(text)
  if (known !== undefined) return known
  throw new InvalidArgumentError("There is no such time zone; expected an IANA name like Europe/Berlin or UTC.")
}

/** A hundred years, which Postgres can still subtract from any date there is. */
const daysMax = 36_500

function days(text: string): number | "none" {
  if (text === "none") return text
  const count = Number(text)
  if (/^\d{1,5}$/.test(text) && count >= 1 && count <= daysMax) return count
  throw new InvalidArgumentError(`Expected a number of days from 1 to ${daysMax}, or none.`)
}

const unknown = (name: string): Error =>
  new Error(`there is no workspace ${name}; \`engram workspace list\` shows them`)

const listWorkspaces = (context: Context, options: { json?: true }): Promise<void> =>
  withParts(context, async (parts) => {
    const { terminal } = context
    const workspaces = await createWorkspaceAdmin(await openCommandDatabase(parts)).list()
    if (options.json) return terminal.print(JSON.stringify({ workspaces }))
    if (workspaces.length === 0) return terminal.print("There is no workspace yet; `engram connect` makes one.")
    const rows = workspaces.map((each) => [each.id, ...choicesOf(each).map(([, choice]) => choice)])
    const names = choicesOf(workspaces[0]!).map(([name]) => name)
    terminal.print(table(terminal, ["workspace", ...names], rows))
  })

const showWorkspace = (context: Context, name: string, options: { json?: true }): Promise<void> =>
  withParts(context, async (parts) => {
    const { terminal } = context
    const workspaces = await createWorkspaceAdmin(await openCommandDatabase(parts)).list()
    const found = workspaces.find(({ id }) => id === name)
    if (!found) throw unknown(name)
    if (options.json) return terminal.print(JSON.stringify(found))
    terminal.print(table(terminal, ["choice", name], choicesOf(found)))
  })

const setWorkspace = (context: Context, name: string, { json, apply, ...choices }: SetOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const change = changeOf(choices)
    if (Object.keys(change).length === 0 && !apply)
      throw new UsageError("say what to change: --redact-emails, … (see --help)")
    const { database } = await openCommandDatabase(parts)
    const settings = await createWorkspaceAdmin({ database }).set(name, change, actorOf(context))
    if (!settings) throw unknown(name)
    const decidesWhatGoes = "retentionDays" in change || "legalHold" in change
    const retention =
      decidesWhatGoes &&
      settings.retentionDays !== null &&
      (await createRetentionLedger(database).due(name, Date.now()))
    const again = apply && (await readAgain(context, parts, name))
    const done = { id: name, ...settings, ...(retention && { retention }), ...(again && { again }) }
    context.terminal.print(json ? JSON.stringify(done) : inWords(done))
  })

interface Done extends WorkspaceSettings {
  readonly id: string
  readonly retention?: RetentionDue
  readonly again?: { readonly [source: string]: number }
}

function inWords({ id, retention, again, ...settings }: Done): string {
  const choices = choicesOf(settings).map((choice) => choice.join(" "))
  return [
    `${id}: ${choices.join(", ")}.`,
    ...(retention ? [goesNext(retention)] : []),
    ...(again ? [`Taken out, to be read again: ${taken(again)}.`] : []),
  ].join("\n")
}

function changeOf({
  redactPhones,
  retentionDays,
  ...others
}: Omit<SetOptions, "json" | "apply">): Partial<WorkspaceSettings> {
  return {
    ...others,
    ...(redactPhones === undefined ? {} : { redactPhones: redactPhones === "off" ? null : redactPhones }),
    ...(retentionDays === undefined ? {} : { retentionDays: retentionDays === "none" ? null : retentionDays }),
  }
}

const goesNext = (retention: RetentionDue): string =>
  isAnyDue(retention)
    ? `Older than that by now: ${dueInWords(retention)}. The next night removes it for good, and so does \`engram consolidate\`.`
    : `Retention would remove ${dueInWords(retention)}.`

const taken = (again: { readonly [source: string]: number }): string =>
  Object.entries(again)
    .map(([source, documents]) => `${count(documents, "document")} of ${source}`)
    .join(", ") || "nothing"

const choicesOf = (settings: WorkspaceSettings): [name: string, choice: string][] => [
  ["redact emails", settings.redactEmails ? "on" : "off"],
  ["redact phones", settings.redactPhones ?? "off"],
  ["keep raw", settings.keepRaw ? "on" : "off"],
  ["time zone", settings.timeZone],
  ["retention days", String(settings.retentionDays ?? "none")],
  ["legal hold", settings.legalHold ? "on" : "off"],
]
