import { secretKeyOf } from "@engram/config/secret-key"
import type { Connection } from "@engram/contracts/deliveries"
import { type Redelivery, redeliver, redeliverLimits } from "@engram/pipeline/redeliver"
import { openWebhookLogs, rememberingSources } from "@engram/platform/open-webhook-logs"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import { createRepairLedger } from "@engram/store/repair-ledger"
import { createSealer } from "@engram/store/sealing"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { givenToken } from "../given-token.ts"
import { hooks } from "../hook-option.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { moment, storeName, thereAre, workspaceName } from "../options.ts"
import { count } from "../words.ts"

interface RedeliverOptions {
  readonly workspace: string
  readonly store: string
  readonly hook?: readonly string[]
  readonly token?: string
  readonly since?: Date
  readonly dryRun?: true
  readonly json?: true
}

export function addRedeliver(program: Command, context: Context): void {
  program
    .command("redeliver")
    .description("Have a source send again what it could not deliver to a webhook, and what never came.")
    .argument("<source>", `which remembers what failed: ${rememberingSources.join(", ")}`)
    .requiredOption("--workspace <name>", "the connection's", workspaceName)
    .requiredOption("--store <name>", "the connection's", storeName)
    .option("--hook <webhook>", "its page's address, owner/repo/id, org/id or app (default: the connection's)", hooks)
    .option("--token <text>", "what to ask with (default: the connection's, or GITHUB_TOKEN); - reads it")
    .option("--since <time>", "what was delivered at or after: 6h; GitHub sends again for three days", moment)
    .option("--dry-run", "count, and ask for nothing")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A running worker does the same every hour for connections that keep a token and a hook: \`engram connect github … --token … --hook …\`.

Example:
  engram redeliver github --workspace acme --store main --dry-run`,
    )
    .action((source: string, options: RedeliverOptions) => redeliverAll(context, source, options))
}

const redeliverAll = (context: Context, source: string, options: RedeliverOptions): Promise<void> =>
  withParts(context, async (parts) => {
    if (!rememberingSources.includes(source)) {
      throw new UsageError(`no source called "${source}" sends again; ${thereAre(rememberingSources)}`)
    }
    const { database } = await openCommandDatabase(parts)
    const sealer = createSealer(await secretKeyOf(parts.config))
    const place = { workspaceId: options.workspace, storeName: options.store, source }
    const connection = await createConnectionAdmin({ database, sealer }).find(place)
    if (!connection) throw new Error(`${source} is not connected to ${options.workspace}/${options.store}`)
    const credentials = await credentialsOf(context, parts.config.github.token, connection, options)
    if (!credentials.hook) {
      throw new UsageError(`say which webhook with --hook, or keep it with \`engram connect ${source} … --hook\``)
    }
    const ledger = createRepairLedger({ database, sealer })
    const hooks = credentials.hook.split("\n")
    const done: (Redelivery & { readonly hook: string })[] = []
    for (const [index, log] of (await openWebhookLogs(parts.config, { source, credentials })).entries()) {
      const deps = { ledger, log, limits: redeliverLimits }
      const { since, dryRun } = options
      const asking = { now: Date.now(), signal: context.stop, ...(since && { since }), ...(dryRun && { dryRun }) }
      done.push({ hook: hooks[index]!, ...(await redeliver(deps, connection, asking)) })
    }
    const dryRun = options.dryRun === true
    const inWords = () => done.map((each) => redeliveredInWords(each, dryRun)).join("\n")
    context.terminal.print(options.json ? JSON.stringify({ dryRun, hooks: done }) : inWords())
  })

async function credentialsOf(
  context: Context,
  environmentToken: string | undefined,
  { credentials }: Connection,
  { token: given, hook }: RedeliverOptions,
): Promise<Connection["credentials"]> {
  const token = (await givenToken(context, given)) ?? credentials.token ?? environmentToken
  return {
    ...credentials,
    ...(token ? { token } : {}),
    ...(hook ? { hook: hook.join("\n") } : {}),
  }
}

const gaveUpShown = 20

function redeliveredInWords(done: Redelivery & { readonly hook: string }, dryRun: boolean): string {
  const { hook, deliveries, failed, present, tooSoon, gaveUp, asked, left } = done
  const failures = `${count(failed, "delivery", "deliveries")} of ${deliveries} failed`
  return [
    `${hook}: ${failures}; ${asked} ${dryRun ? "would be" : "were"} asked for again.`,
    ...(present > 0 ? [`  ${present} came in all the same`] : []),
    ...(tooSoon > 0 ? [`  ${tooSoon} were tried a moment ago`] : []),
    ...(left > 0 ? [`  ${left} are left for the next run`] : []),
    ...gaveUp.slice(0, gaveUpShown).map((each) => `  given up: ${each.deliveryKey} ${each.event}, ended ${each.ended}`),
    ...(gaveUp.length > gaveUpShown ? [`  … ${gaveUp.length} given up in all; --json lists them`] : []),
  ].join("\n")
}
