import { Command, CommanderError } from "commander"
import { addConnect } from "./commands/connect.ts"
import { addDeliveries } from "./commands/deliveries.ts"
import { addDemo } from "./commands/demo.ts"
import { addDoctor } from "./commands/doctor.ts"
import { addKeys } from "./commands/keys.ts"
import { addMigrate } from "./commands/migrate.ts"
import { addReplay } from "./commands/replay.ts"
import { addSearch } from "./commands/search.ts"
import { addStatus } from "./commands/status.ts"
import { addUp } from "./commands/up.ts"
import type { Context } from "./context.ts"
import { exitCodeOf, explain } from "./explain-error.ts"

const commands = [
  addUp,
  addDemo,
  addMigrate,
  addConnect,
  addKeys,
  addStatus,
  addDeliveries,
  addReplay,
  addSearch,
  addDoctor,
]

/** Runs one command line and resolves to its exit code: 0, 1 when something went wrong, 2 when the line makes no sense. */
export async function runEngram(args: readonly string[], context: Context): Promise<number> {
  const { terminal, environment } = context
  const program = new Command("engram")
    .description("What an engineering organisation does, as memory that can be searched.")
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
      // Commander puts "Did you mean …?" on a second line.
      outputError: (text, write) => write(text.trim().replace(/^error: /, "engram: ").replace(/\n+/g, " ")),
    })
    .addHelpText("after", "\nSettings come from the environment; `engram doctor` explains them.")
  for (const add of commands) add(program, context)

  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync([...args], { from: "user" })
    return 0
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      const wantsStack = ["debug", "trace"].includes(environment.LOG_LEVEL?.trim() ?? "")
      terminal.note(wantsStack && error instanceof Error ? `engram: ${error.stack}` : `engram: ${explain(error)}`)
    }
    return exitCodeOf(error)
  }
}
