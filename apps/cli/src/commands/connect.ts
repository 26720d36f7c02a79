import { createPrivateKey } from "node:crypto"
import { readFile } from "node:fs/promises"
import { secretKeyOf } from "@engram/config/secret-key"
import { reasonOf } from "@engram/contracts/errors"
import type { Source } from "@engram/contracts/source"
import { rememberingSources } from "@engram/platform/open-webhook-logs"
import { sources } from "@engram/sources/registry"
import { type ConnectionAdmin, createConnectionAdmin } from "@engram/store/connection-admin"
import { createSealer } from "@engram/store/sealing"
import type { Command } from "commander"
import { callersPath } from "../callers-path.ts"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { givenToken } from "../given-token.ts"
import { hooks } from "../hook-option.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { storeName, thereAre, workspaceName } from "../options.ts"

interface ConnectOptions {
  readonly workspace: string
  readonly store: string
  readonly secret?: string
  readonly token?: string
  readonly hook?: readonly string[]
  readonly appId?: string
  readonly privateKey?: string
  readonly rotate?: true
  readonly settle?: true
  readonly url?: string
  readonly json?: true
}

const webhookSources = Object.keys(sources).filter((name) => name !== "events")

export function addConnect(program: Command, context: Context): void {
  program
    .command("connect")
    .description("Open a door for a source's webhooks; prints the URL and the secret to configure there.")
    .argument("<source>", `what sends: ${webhookSources.join(", ")}`)
    .requiredOption("--workspace <name>", "the tenant; made if missing", workspaceName)
    .requiredOption("--store <name>", "the collection in it; made if missing", storeName)
    .option("--secret <text>", "the webhook's secret; made if left out")
    .option("--token <text>", "what we call the source's API with, kept sealed; - reads it from standard input")
    .option(
      "--hook <webhook>",
      "with it the worker has GitHub send again what failed: its page's address, or app",
      hooks,
    )
    .option("--app-id <id>", "ask about an app's own webhook as this app")
    .option("--private-key <file>", "that app's private key")
    .option("--rotate", "put a new secret before the present one; both are valid")
    .option("--settle", "end a rotation: only the newest secret stays valid")
    .option("--url <base>", "where the internet reaches the ingest door: https://hooks.example.org")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  engram connect github --workspace acme --store main
  engram connect github --workspace acme --store main --rotate
  gh auth token | engram connect github --workspace acme --store main --token -
  engram connect linear --workspace acme --store main                      # prints the URL
  engram connect linear --workspace acme --store main --secret lin_wh_…    # once Linear has shown the secret
  engram connect slack --workspace acme --store main --token -             # what engram import slack asks with`,
    )
    .action((source: string, options: ConnectOptions) => connect(context, source, options))
}

async function connect(context: Context, source: string, options: ConnectOptions): Promise<void> {
  checkUsage(source, options)
  await withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const admin = createConnectionAdmin({ database, sealer: createSealer(await secretKeyOf(parts.config)) })
    const credentials = await credentialsOf(context, options)
    const door = await openDoor(admin, source, { ...options, credentials })
    const { host, ports } = parts.config
    const base = (options.url ?? `http://${host}:${ports.ingest || "<port>"}`).replace(/\/$/, "")
    const result = {
      connectionId: door.id,
      workspace: options.workspace,
      store: options.store,
      source,
      url: `${base}/v1/webhooks/${source}/${door.id}`,
      secret: door.secrets[0] ?? "",
      secretsValid: door.secrets.length,
      credentials: Object.keys(door.credentials).sort(),
      created: door.created,
      dropped: door.dropped,
    }
    context.terminal.print(options.json ? JSON.stringify(result) : inWords(context, result))
  })
}

async function credentialsOf(
  context: Context,
  { token: given, hook, appId, privateKey }: ConnectOptions,
): Promise<{ readonly [name: string]: string }> {
  const token = await givenToken(context, given)
  if (token === "") throw new UsageError("--token is empty")
  return {
    ...(token === undefined ? {} : { token }),
    ...(hook ? { hook: hook.join("\n") } : {}),
    ...(appId ? { appId } : {}),
    ...(privateKey ? { privateKey: await keyIn(callersPath(context, privateKey)) } : {}),
  }
}

/** The PEM text. Looked at now, since it is first used when GitHub is asked, days later. */
async function keyIn(file: string): Promise<string> {
  const pem = await readFile(file, "utf8").catch((error) => {
    throw new UsageError(`--private-key: ${file} cannot be read (${reasonOf(error)})`)
  })
  try {
    createPrivateKey(pem)
  } catch {
    throw new UsageError(`--private-key: ${file} holds no private key: give the .pem file that GitHub made for the app`)
  }
  return pem
}

async function openDoor(
  admin: ConnectionAdmin,
  source: string,
  options: ConnectOptions & { readonly credentials: { readonly [name: string]: string } },
): ReturnType<ConnectionAdmin["create"]> {
  const { workspace, store, secret, rotate, settle, credentials } = options
  const secretFrom = sources[source]!.secretFrom
  const door = { workspaceId: workspace, storeName: store, source, credentials, awaitsSecret: secretFrom !== "here" }
  if (!rotate && !settle) return admin.create({ ...door, ...(secret === undefined ? {} : { secret }) })

  const existing = (await admin.list()).find(
    (each) => each.workspaceId === workspace && each.storeName === store && each.source === source,
  )
  if (!existing) throw new Error(`${source} is not connected to ${workspace}/${store}: there is nothing to rotate`)
  if (settle) {
    await admin.settle(existing.id)
    return admin.create(door)
  }
  const rotated =
    secretFrom === "handshake"
      ? await admin.await(existing.id, credentials)
      : await admin.rotate(existing.id, secret, credentials)
  if (!rotated) throw new Error(`${source} of ${workspace}/${store} went while it was rotated; connect it again`)
  return { ...rotated, created: false }
}

function checkUsage(source: string, { secret, settle, rotate, url, ...api }: ConnectOptions): void {
  if (source === "events") {
    throw new UsageError("events come with an API key, not by webhook: `engram keys create … --action write`")
  }
  if (!webhookSources.includes(source)) {
    throw new UsageError(`no source is called "${source}"; ${thereAre(webhookSources)}`)
  }
  const { secretFrom } = sources[source]!
  if (secretFrom === "there" && secret === undefined && rotate)
    throw new UsageError(`${source} makes the secret itself: give the new one with --secret`)
  if ((api.hook || api.appId || api.privateKey) && !rememberingSources.includes(source))
    throw new UsageError(`${source} sends nothing again: --hook is for ${rememberingSources.join(", ")}`)
  if ((api.appId === undefined) !== (api.privateKey === undefined))
    throw new UsageError("--app-id and --private-key go together")
  if (secret !== undefined && secret.length < 8) throw new UsageError("--secret needs at least 8 characters")
  if (settle && (rotate || secret !== undefined)) throw new UsageError("--settle ends a rotation: give it alone")
  if (url !== undefined && !/^https?:\/\/[^/]/.test(url)) throw new UsageError("--url begins with https:// or http://")
}

interface Connected {
  readonly workspace: string
  readonly store: string
  readonly source: string
  readonly url: string
  readonly secret: string
  readonly secretsValid: number
  readonly credentials: readonly string[]
  readonly created: boolean
  readonly dropped: readonly string[]
}

/** What stands in place of a secret that is not here yet. Until it is, every delivery is refused. */
const awaited: Readonly<Record<Source["secretFrom"], string>> = {
  here: "",
  there: "none yet: connect again with --secret once the sender shows it",
  handshake: "none yet: run this command again once the sender has sent it",
}

function inWords({ terminal }: Context, door: Connected): string {
  const place = `${door.workspace}/${door.store}`
  const headline = door.created ? `Connected ${door.source} to ${place}.` : `${door.source} is connected to ${place}.`
  const line = (name: string, value: string): string => `  ${terminal.style("dim", name.padEnd(14))}${value}`
  return [
    headline,
    "",
    line("payload URL", terminal.style("bold", door.url)),
    line(
      sources[door.source]!.secretFrom === "handshake" ? "token sent" : "secret",
      terminal.style("bold", door.secret || awaited[sources[door.source]!.secretFrom]),
    ),
    ...droppedWords(door),
    ...(door.secretsValid > 1 ? ["", "The secret before it is valid too, until `--settle`."] : []),
    ...(door.credentials.length > 0 ? ["", `Kept sealed for its API: ${door.credentials.join(", ")}.`] : []),
    "",
    sources[door.source]!.setup,
  ].join("\n")
}

/** What no longer counts because the key did not open it, and what has to be given again. */
function droppedWords({ dropped, credentials, source, workspace, store }: Connected): string[] {
  if (dropped.length === 0) return []
  const again = dropped.filter((name) => name !== "secret" && !credentials.includes(name))
  const command = `engram connect ${source} --workspace ${workspace} --store ${store}`
  return [
    "",
    `Dropped, because ENGRAM_SECRET_KEY did not open it: ${dropped.join(", ")}.`,
    ...(dropped.includes("secret") ? ["The secret before no longer counts: what is signed with it is refused."] : []),
    ...(again.length > 0 ? [`Give again what the API is called with (${again.join(", ")}): ${command} --token …`] : []),
  ]
}
