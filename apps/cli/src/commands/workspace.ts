import { readTimeZone } from "@engram/core/consolidate/nights"
import { isCountry } from "@engram/core/redact/contacts"
import { createWorkspaceAdmin, type WorkspaceSettings } from "@engram/store/workspace-settings"
import { type Command, InvalidArgumentError } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { workspaceName } from "../options.ts"
import { readAgain } from "../read-again.ts"
import { table } from "../table.ts"
import { count } from "../words.ts"

interface SetOptions {
  readonly redactEmails?: boolean
  readonly redactPhones?: string
  readonly keepRaw?: boolean
  readonly timeZone?: string
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
    .option("--apply", "take out what was read before, and read its deliveries again by the choices as they are now")
    .option("--json", "print the choices as JSON")
    .addHelpText(
      "after",
      `
What was read before stays as it was, and a replay does not change it: a value says the same thing at the same time. With --apply
it is taken out and read again; until workers are done it is not found, and its texts are embedded anew. By itself --apply changes
no choice. A source whose bytes were not kept is left as it is.

Examples:
  engram workspace set acme --redact-emails on --redact-phones US
  engram workspace set acme --redact-emails on --apply
  engram workspace set acme --keep-raw off --time-zone Europe/Berlin`,
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

const listWorkspaces = (context: Context, options: { json?: true }): Promise<void> =>
  withParts(context, async (parts) => {
    const { terminal } = context
    const workspaces = await createWorkspaceAdmin(await openCommandDatabase(parts)).list()
    if (options.json) return terminal.print(JSON.stringify({ workspaces }))
    if (workspaces.length === 0) return terminal.print("There is no workspace yet; `engram connect` makes one.")
    const rows = workspaces.map((each) => [each.id, ...choicesOf(each)])
    terminal.print(table(terminal, ["workspace", "redact emails", "redact phones", "keep raw", "time zone"], rows))
  })

const setWorkspace = (context: Context, name: string, { json, apply, ...choices }: SetOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const change = changeOf(choices)
    if (Object.keys(change).length === 0 && !apply)
      throw new UsageError("say what to change: --redact-emails, … (see --help)")
    const settings = await createWorkspaceAdmin(await openCommandDatabase(parts)).set(name, change)
    if (!settings) throw new Error(`there is no workspace ${name}; \`engram workspace list\` shows them`)
    const again = apply && (await readAgain(context, parts, name))
    if (json) return context.terminal.print(JSON.stringify({ id: name, ...settings, ...(again && { again }) }))
    const [emails, phoned, raw, zone] = choicesOf(settings)
    context.terminal.print(
      `${name}: redact emails ${emails}, redact phones ${phoned}, keep raw ${raw}, time zone ${zone}.`,
    )
    if (again) context.terminal.print(`Taken out, to be read again: ${taken(again)}.`)
  })

const changeOf = ({ redactPhones, ...others }: Omit<SetOptions, "json" | "apply">): Partial<WorkspaceSettings> => {
  if (redactPhones === undefined) return others
  return { ...others, redactPhones: redactPhones === "off" ? null : redactPhones }
}

const taken = (again: { readonly [source: string]: number }): string =>
  Object.entries(again)
    .map(([source, documents]) => `${count(documents, "document")} of ${source}`)
    .join(", ") || "nothing"

const choicesOf = ({ redactEmails, redactPhones, keepRaw, timeZone }: WorkspaceSettings): string[] => [
  redactEmails ? "on" : "off",
  redactPhones ?? "off",
  keepRaw ? "on" : "off",
  timeZone,
]
