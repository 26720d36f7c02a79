import { Command, CommanderError } from "commander"
import manifest from "../package.json" with { type: "json" }
import type { Context } from "./context.ts"

type AddCommand = (program: Command, context: Context) => void

/** In the order of `--help`. Each is loaded when it is wanted: all of them together bring every SDK there is. */
const commands: { readonly [name: string]: () => Promise<AddCommand> } = {
  up: async () => (await import("./commands/up.ts")).addUp,
  demo: async () => (await import("./commands/demo.ts")).addDemo,
  migrate: async () => (await import("./commands/migrate.ts")).addMigrate,
  connect: async () => (await import("./commands/connect.ts")).addConnect,
  keys: async () => (await import("./commands/keys.ts")).addKeys,
  workspace: async () => (await import("./commands/workspace.ts")).addWorkspace,
  status: async () => (await import("./commands/status.ts")).addStatus,
  deliveries: async () => (await import("./commands/deliveries.ts")).addDeliveries,
  replay: async () => (await import("./commands/replay.ts")).addReplay,
  import: async () => (await import("./commands/import.ts")).addImport,
  redeliver: async () => (await import("./commands/redeliver.ts")).addRedeliver,
  reconcile: async () => (await import("./commands/reconcile.ts")).addReconcile,
  rebuild: async () => (await import("./commands/rebuild.ts")).addRebuild,
  reindex: async () => (await import("./commands/reindex.ts")).addReindex,
  forget: async () => (await import("./commands/forget.ts")).addForget,
  consolidate: async () => (await import("./commands/consolidate.ts")).addConsolidate,
  runs: async () => (await import("./commands/runs.ts")).addRuns,
  people: async () => (await import("./commands/people.ts")).addPeople,
  search: async () => (await import("./commands/search.ts")).addSearch,
  summaries: async () => (await import("./commands/summaries.ts")).addSummaries,
  eval: async () => (await import("./commands/eval.ts")).addEval,
  graph: async () => (await import("./commands/graph.ts")).addGraph,
  backfill: async () => (await import("./commands/backfill.ts")).addBackfill,
  doctor: async () => (await import("./commands/doctor.ts")).addDoctor,
}

/** Runs one command line and resolves to its exit code: 0, 1 when something went wrong, 2 when the line makes no sense, 130 when interrupted. */
export async function runEngram(args: readonly string[], context: Context): Promise<number> {
  const { terminal, environment } = context
  const program = createProgram(terminal)
  const wanted = Object.entries(commands).filter(([name]) => name === args[0])
  for (const [, load] of wanted.length > 0 ? wanted : Object.entries(commands)) (await load())(program, context)

  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync(asksAboutNothing(args) ? args.slice(1) : [...args], { from: "user" })
    return 0
  } catch (error) {
    const { exitCodeOf, explain } = await import("./explain-error.ts")
    if (!(error instanceof CommanderError)) {
      const wantsStack = ["debug", "trace"].includes(environment.LOG_LEVEL?.trim() ?? "")
      const stack = wantsStack && error instanceof Error ? `\n${error.stack}` : ""
      terminal.note(`engram: ${explain(error, environment)}${stack}`)
    }
    return exitCodeOf(error)
  }
}

/** `help` for a word that is no command would be the list of commands; the word itself is refused, with what may be meant. */
const asksAboutNothing = ([first, word]: readonly string[]): boolean =>
  first === "help" && word !== undefined && !Object.hasOwn(commands, word)

const createProgram = (terminal: Context["terminal"]): Command =>
  new Command("engram")
    .description("What an engineering organisation does, as memory that can be searched.")
    .version(manifest.version)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
      // Commander puts "Did you mean …?" on a second line.
      outputError: (text, write) =>
        write(
          text
            .trim()
            .replace(/^error: /, "engram: ")
            .replace(/\n+/g, " "),
        ),
    })
    .addHelpText("after", "\nSettings come from the environment; `engram doctor` explains them.")
    .hook("preAction", (_, command) => refuseEmptyOptions(command))

/** A shell's variable that is not set comes as an empty text: it would mean no filter, or a default, that nobody asked for. */
function refuseEmptyOptions(command: Command): void {
  const values: { readonly [name: string]: unknown } = command.opts()
  for (const option of command.options) {
    const value = values[option.attributeName()]
    if (typeof value === "string" && value.trim() === "")
      command.error(`error: option '${option.flags}' is empty: give it a value, or leave it out`)
  }
}
