import type { ForgetCounts } from "@engram/contracts/forget"
import { UnclearName } from "@engram/contracts/privacy"
import { forget } from "@engram/pipeline/forget/forget"
import { type ForgetRequest, type ForgetTarget, findTarget } from "@engram/pipeline/forget/target"
import { type Looked, verify } from "@engram/pipeline/forget/verify"
import type { Command } from "commander"
import { actorOf } from "../actor-of.ts"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { type ForgetParts as Deps, openForgetParts } from "../forget-parts.ts"
import { withParts } from "../open.ts"
import { pickWorkspaces, thereAre, workspaceName } from "../options.ts"
import { table } from "../table.ts"
import { tally } from "../words.ts"

interface ForgetOptions {
  readonly document?: string
  readonly person?: string
  readonly source?: string
  readonly workspace?: string
  readonly replay?: true
  readonly dryRun?: true
  readonly verify?: true
  readonly yes?: true
  readonly json?: true
}

export function addForget(program: Command, context: Context): void {
  program
    .command("forget")
    .description(
      "Forget something for good: it goes from every store, and nothing that is replayed or imported brings it back.",
    )
    .option("--document <id, URL or source:sourceId>", "one document with all that rests on it")
    .option("--person <alias>", "github:login:octocat; their words stay as nobody's, their names and accounts go")
    .option("--source <name>", "all of a source, and whatever it still sends")
    .option("--workspace <name>", "where; by itself: all of this workspace", workspaceName)
    .option("--replay", "with --source: take it out and read its deliveries again, by the settings as they are now")
    .option("--dry-run", "say what there is, and change nothing")
    .option("--verify", "look for it in every store; fails when something is left")
    .option("--yes", "do it: it cannot be undone")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Killed half way, the same command goes on where it ended; run once more, it does nothing. The id and the URL of a document go with it:
from then on it is named by \`source:sourceId\`, as forget prints it. Vectors go with the next turns of a worker, and
again after the longest timeout: \`--verify\` is true for good two minutes after nothing is owed any more.

Examples:
  engram forget --document https://github.com/acme/site/issues/7 --dry-run
  engram forget --document github:repository:1296269#7 --yes
  engram forget --person github:login:octocat --yes && engram forget --person github:login:octocat --verify
  engram forget --source github --workspace acme --replay --yes`,
    )
    .action((options: ForgetOptions) => forgetSomething(context, options))
}

const forgetSomething = (context: Context, options: ForgetOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const request = requestOf(options)
    const deps = await openForgetParts(parts)
    const workspaceId = await workspaceOf(deps, options)
    const target = await findTarget(deps, workspaceId, request).catch((error) => {
      throw error instanceof UnclearName ? new UsageError(error.message) : error
    })
    if (options.verify) return showVerified(context, options, target, await verify(deps)(workspaceId, target))
    if (options.dryRun || !options.yes)
      return showCensus(context, options, target, await censusOf(deps, workspaceId, target))

    // Said first: killed half way, nothing else would tell what to go on with.
    if (target.document !== undefined && target.document !== options.document)
      context.terminal.note(`Forgetting ${target.document}: name it so from here on, its id and URL go with it.`)
    const { counts, resumed } = await forget(deps)(workspaceId, target, {
      actor: actorOf(context),
      replay: options.replay === true,
      onProgress: (so) => context.terminal.update(`forgetting: ${tally(so)}`),
    })
    showForgotten(context, options, target, { resumed, counts })
  })

const namesOf = ({ forgettingId, document }: ForgetTarget) => ({
  forgetting: forgettingId,
  ...(document === undefined ? {} : { document }),
})

const ofDocument = ({ document }: ForgetTarget): string => (document === undefined ? "" : ` ${document}`)

/** As a shell takes it. */
function verifying(document: string, workspace: string | undefined): string {
  const name = /^[\w.:/@#-]+$/.test(document) ? document : `'${document.replaceAll("'", "'\\''")}'`
  return `engram forget --document ${name}${workspace === undefined ? "" : ` --workspace ${workspace}`} --verify`
}

function requestOf({ document, person, source, workspace, replay }: ForgetOptions): ForgetRequest {
  const given = [document, person, source].filter((each) => each !== undefined)
  if (given.length > 1) throw new UsageError("forget one thing at a time: --document, --person or --source")
  if (replay && source === undefined) throw new UsageError("--replay goes with --source")
  if (document !== undefined) return { kind: "document", name: document }
  if (person !== undefined) return { kind: "person", name: person }
  if (source !== undefined) return { kind: "source", name: source }
  if (workspace !== undefined) return { kind: "workspace" }
  throw new UsageError("say what: --document, --person, --source, or --workspace alone (see --help)")
}

async function workspaceOf({ admin }: Deps, { workspace }: ForgetOptions): Promise<string> {
  const all = (await admin.list()).map(({ id }) => id)
  const [first, ...others] = pickWorkspaces(all, workspace)
  if (first !== undefined && others.length === 0) return first
  throw new UsageError(`name the workspace with --workspace; ${thereAre(all)}`)
}

/** Of a person: how many documents hold one of their names. */
async function censusOf({ ledger }: Deps, workspaceId: string, target: ForgetTarget): Promise<ForgetCounts> {
  if (target.person === undefined) return ledger.census(workspaceId, target.scope)
  return { accounts: target.person.entityIds.length, ...(await ledger.wordsLeft(workspaceId, target)) }
}

function showForgotten(
  { terminal }: Context,
  { json, replay, workspace }: ForgetOptions,
  target: ForgetTarget,
  done: { readonly resumed: boolean; readonly counts: ForgetCounts },
): void {
  if (json) {
    terminal.print(JSON.stringify({ ...namesOf(target), ...done }))
    return
  }
  const what = replay ? "Taken out, to be read again" : `Forgotten${ofDocument(target)}`
  terminal.print(`${what}: ${tally(done.counts)} (${target.forgettingId}).`)
  if (replay) return
  const command = target.document === undefined ? "--verify" : verifying(target.document, workspace)
  terminal.note(`Look again in two minutes, when workers have removed its vectors: ${command}`)
}

function showCensus({ terminal }: Context, options: ForgetOptions, target: ForgetTarget, counts: ForgetCounts): void {
  if (options.json) {
    terminal.print(JSON.stringify({ ...namesOf(target), dryRun: true, counts }))
    return
  }
  terminal.print(`Would forget${ofDocument(target)}: ${tally(counts)}.`)
  terminal.note(options.dryRun ? "Nothing was changed." : "Nothing was changed: it cannot be undone, so say --yes.")
}

function showVerified(
  { terminal }: Context,
  options: ForgetOptions,
  target: ForgetTarget,
  looked: readonly Looked[],
): void {
  const left = looked.filter(({ found }) => found > 0)
  if (options.json) {
    terminal.print(JSON.stringify({ ...namesOf(target), clean: left.length === 0, looked }))
  } else {
    const rows = looked.map(({ where, asked, found }) => [
      where,
      String(asked),
      found === 0 ? "nothing" : `${found} left`,
    ])
    terminal.print(table(terminal, ["looked in", "for", "found"], rows))
  }
  if (left.length === 0) return
  throw new Error(
    `something is left in ${left.map(({ where, found }) => `${where} (${found})`).join(", ")}; ` +
      "vectors go with a worker's next turns: look again, and if it stays, run the command again with --yes",
  )
}
