import { accountKinds } from "@engram/contracts/people"
import { createPeopleDesk, type Outcome, type PeopleDesk } from "@engram/store/people"
import { createStoreReport } from "@engram/store/store-report"
import { type Command, Option } from "commander"
import { actorOf } from "../actor-of.ts"
import type { Context } from "../context.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { pickWorkspace, wholeNumber, workspaceName } from "../options.ts"
import { accountInWords, outcomeInWords, personInWords } from "../show-person.ts"
import { table } from "../table.ts"
import { count, cut } from "../words.ts"

interface Options {
  readonly workspace?: string
  readonly json?: true
}
interface ActOptions extends Options {
  readonly as?: string
}

const who = "an id (ent_…), an alias (github:login:octocat), an address, a handle or a name"

export function addPeople(program: Command, context: Context): void {
  const people = program
    .command("people")
    .description("Whose the accounts are: certain links, likely ones to decide on, and what operators decided.")
  const command = (name: string, words: string, json: string, example: string): Command =>
    people
      .command(name)
      .description(words)
      .option("--workspace <name>", "the tenant; may be left out where there is only one", workspaceName)
      .option("--json", `print ${json} as JSON`)
      .addHelpText("after", `\nExample:\n  engram people ${example}`)
  const acting = (name: string, words: string, example: string): Command =>
    command(name, words, "{auditId, change, people}", example).option(
      "--as <name>",
      "who decides, for the audit log; left out, you",
    )

  command(
    "list",
    "People by how many accounts they have, and how many there are.",
    "{people, counts}",
    "list --limit 50",
  )
    .option("--limit <n>", "how many, 1 to 1000", wholeNumber(1, 1_000), 20)
    .addOption(new Option("--kind <kind>", "who to list").choices(accountKinds).default("person"))
    .action((options: ListOptions) => list(context, options))
  command(
    "show",
    "One person: accounts, the evidence of each link, what was decided and by whom.",
    "one object",
    "show mona@acme.example",
  )
    .argument("<who>", who)
    .action((text: string, options: Options) => show(context, text, options))
  command(
    "suggest",
    "People who may be one, the likeliest first. Nothing is linked until you say so.",
    "{suggestions, total}",
    "suggest --limit 10",
  )
    .option("--limit <n>", "how many, 1 to 1000", wholeNumber(1, 1_000), 20)
    .action((options: Options & { limit: number }) => suggest(context, options))
  acting("link", "Say that two accounts are one person's.", "link github:login:octocat mona@acme.example")
    .argument("<a>", who)
    .argument("<b>", "the other, named in the same ways")
    .action((a: string, b: string, options: ActOptions) =>
      act(context, options, (desk, actor) => desk.link(actor, a, b)),
    )
  acting(
    "unlink",
    "Say that an account is not the other's person. It leaves, and gives up what it has in common with the other.",
    "unlink slack:user:T012:U345 mona@acme.example",
  )
    .argument("<leaver>", "the account that leaves, by its id or an alias")
    .argument("<from>", `whom it leaves: ${who}`)
    .action((leaver: string, from: string, options: ActOptions) =>
      act(context, options, (desk, actor) => desk.unlink(actor, leaver, from)),
    )
  acting(
    "address",
    "Say that a mailbox is shared and links nobody, or a person's although its name looks shared.",
    "address oncall-eu@acme.example --shared",
  )
    .argument("<address>", "the mailbox")
    .addOption(new Option("--shared", "several people read it").conflicts("personal"))
    .addOption(new Option("--personal", "one person reads it"))
    .action((address: string, options: ActOptions & { shared?: true; personal?: true }) => {
      if (!options.shared && !options.personal) people.error("error: say --shared or --personal", { exitCode: 2 })
      return act(context, options, (desk, actor) =>
        desk.markAddress(actor, address, options.shared ? "shared" : "personal"),
      )
    })
  acting("undo", "Put back what stood before a decision. An undo can be undone too.", "undo aud_1f2e3d4c5b6a7988")
    .argument("<id>", "as `engram people show` lists it: aud_…")
    .action((id: string, options: ActOptions) => act(context, options, (desk, actor) => desk.undo(actor, id)))
}

/** Runs with the desk of the workspace that was named or, where none was, the only one. */
const withDesk = (context: Context, { workspace }: Options, work: (desk: PeopleDesk) => Promise<void>): Promise<void> =>
  withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const workspaceId = await pickWorkspace(createStoreReport({ database }), workspace)
    await work(createPeopleDesk({ database, workspaceId }))
  })

type ListOptions = Options & { readonly limit: number; readonly kind: (typeof accountKinds)[number] }

const list = (context: Context, options: ListOptions): Promise<void> =>
  withDesk(context, options, async (desk) => {
    const [people, counts] = [await desk.list(options), await desk.counts()]
    const { terminal } = context
    if (options.json) return terminal.print(JSON.stringify({ people, counts }))
    if (people.length === 0) return terminal.print(`No ${options.kind} is known yet.`)
    const rows = people.map(({ id, name, accounts }) => [
      id,
      cut(name, 30),
      cut(accounts.map(({ aliasType, aliasValue, handle }) => `${aliasType}:${handle ?? aliasValue}`).join(", "), 80),
    ])
    terminal.print(table(terminal, ["id", "name", "accounts"], rows))
    terminal.note(
      `${count(counts.people, "person", "people")} with ${count(counts.accounts, "account")}; ${count(counts.bots, "bot")}, ${count(counts.organizations, "organization")}`,
    )
  })

const show = (context: Context, text: string, options: Options): Promise<void> =>
  withDesk(context, options, async (desk) => {
    const person = await desk.show(text)
    context.terminal.print(options.json ? JSON.stringify(person) : personInWords(context.terminal, person))
  })

const suggest = (context: Context, options: Options & { limit: number }): Promise<void> =>
  withDesk(context, options, async (desk) => {
    const { suggestions, total } = await desk.suggest(options.limit)
    const { terminal } = context
    if (options.json) return terminal.print(JSON.stringify({ suggestions, total }))
    if (total === 0) return terminal.print("Nobody looks like anybody else.")
    const rows = suggestions.map(({ reasons, accounts: [a, b] }) => [
      reasons.join(", "),
      `${a.id}\n${cut(accountInWords(a), 60)}`,
      `${b.id}\n${cut(accountInWords(b), 60)}`,
    ])
    terminal.print(table(terminal, ["why", "one", "the other"], rows))
    terminal.note(
      `${count(total, "suggestion")}${suggestions.length < total ? `, the likeliest ${suggestions.length} shown` : ""}; ` +
        "`engram people link <one> <other>` accepts, `engram people unlink <one> <other>` ends it",
    )
  })

const act = (
  context: Context,
  options: ActOptions,
  decide: (desk: PeopleDesk, actor: string) => Promise<Outcome>,
): Promise<void> =>
  withDesk(context, options, async (desk) => {
    const outcome = await decide(desk, options.as ?? actorOf(context))
    context.terminal.print(options.json ? JSON.stringify(outcome) : outcomeInWords(context.terminal, outcome))
    if (!options.json) context.terminal.note(`\`engram people undo ${outcome.auditId}\` takes it back.`)
  })
