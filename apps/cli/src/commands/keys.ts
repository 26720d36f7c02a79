import { type KeyAction, keyActions } from "@engram/contracts/deliveries"
import { createApiKeyAdmin } from "@engram/store/api-keys"
import { createStoreReport, type StoreReport } from "@engram/store/store-report"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { list, oneOf, storeName, workspaceName } from "../options.ts"
import { table } from "../table.ts"
import { ago } from "../words.ts"

interface CreateOptions {
  readonly workspace: string
  readonly store: string
  readonly name: string
  readonly action: readonly KeyAction[]
  readonly scope?: readonly string[]
  readonly json?: true
}

export function addKeys(program: Command, context: Context): void {
  const keys = program.command("keys").description("API keys for POST /v1/events and POST /v1/search.")
  keys
    .command("create")
    .description("Make a key. It is printed once; only its hash is kept.")
    .requiredOption("--workspace <name>", "the tenant; made if missing", workspaceName)
    .requiredOption("--store <name>", "the collection it reads and writes; made if missing", storeName)
    .requiredOption("--action <action>", `what it may do: ${keyActions.join(", ")}; repeatable`, oneOf(keyActions))
    .option("--name <words>", "whose it is", "unnamed")
    .option("--scope <id or name>", "a private scope (a repository, a channel) it may read; repeatable", list)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Example:
  engram keys create --workspace acme --store main --action search --name "release bot"`,
    )
    .action((options: CreateOptions) => create(context, options))
  keys
    .command("list")
    .description("Every key there is, without the key itself.")
    .option("--json", "print {keys} as JSON")
    .addHelpText("after", "\nExample:\n  engram keys list")
    .action((options: { json?: true }) => listKeys(context, options))
  keys
    .command("revoke")
    .description("End a key. The doors refuse it within 5 seconds.")
    .argument("<id>", "as `engram keys list` shows it: key_…")
    .option("--json", "print {revoked} as JSON")
    .addHelpText("after", "\nExample:\n  engram keys revoke key_1f2e3d4c5b6a")
    .action((id: string, options: { json?: true }) => revoke(context, id, options))
}

const create = (context: Context, options: CreateOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const scopes = await scopesOf(createStoreReport({ database }), options)
    const actions = [...new Set(options.action)]
    const place = { workspaceId: options.workspace, storeName: options.store }
    const { id, key } = await createApiKeyAdmin({ database }).create({
      ...place,
      name: options.name,
      actions,
      scopeIds: scopes,
    })
    const { workspace, store, name } = options
    if (options.json)
      return context.terminal.print(JSON.stringify({ id, key, workspace, store, name, actions, scopes }))
    context.terminal.print(
      `${context.terminal.style("bold", key)}\n\n${id} may ${actions.join(" and ")} in ${workspace}/${store}.`,
    )
    context.terminal.note("Keep it now: it is not shown again.")
  })

/** Scopes as the graph names them, or their ids; an id may be granted before anything of it has arrived. */
async function scopesOf(report: StoreReport, { workspace, scope = [] }: CreateOptions): Promise<string[]> {
  if (scope.length === 0) return []
  const known = await report.scopes(workspace)
  return scope.map((wanted) => {
    const found = known.find(({ id, key, name }) => [id, key, name].includes(wanted))
    if (found || wanted.startsWith("scp_")) return found?.id ?? wanted
    const secret = known.filter(({ privacy }) => privacy === "private").map(({ name }) => name)
    throw new Error(`${workspace} has no scope "${wanted}"; its private ones: ${secret.join(", ") || "none"}`)
  })
}

const listKeys = (context: Context, options: { json?: true }): Promise<void> =>
  withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const keys = await createApiKeyAdmin({ database }).list()
    const { terminal } = context
    if (options.json) return terminal.print(JSON.stringify({ keys }))
    if (keys.length === 0) return terminal.print("There is no API key yet; `engram keys create` makes one.")
    const rows = keys.map((key) => [
      key.id,
      key.name,
      `${key.workspaceId}/${key.storeName}`,
      key.actions.join(", "),
      String(key.scopeIds.length),
      ago(key.createdAt),
      key.revokedAt ? `revoked ${ago(key.revokedAt)}` : "valid",
    ])
    terminal.print(table(terminal, ["id", "name", "store", "may", "scopes", "made", "state"], rows))
  })

const revoke = (context: Context, id: string, options: { json?: true }): Promise<void> =>
  withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    if (!(await createApiKeyAdmin({ database }).revoke(id))) {
      throw new Error(`there is no key ${id}; \`engram keys list\` shows them`)
    }
    context.terminal.print(options.json ? JSON.stringify({ revoked: id }) : `Revoked ${id}.`)
  })
