import { databaseUrlOf, migrateDatabase, untilDone } from "@engram/platform/open-database"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { withParts } from "../open.ts"
import { count } from "../words.ts"

export function addMigrate(program: Command, context: Context): void {
  program
    .command("migrate")
    .description("Bring the database's schema up to date. Safe while the fleet runs, and safe to repeat.")
    .option("--json", "print {applied} as JSON")
    .addHelpText("after", "\nExample:\n  DATABASE_URL=postgres://… engram migrate")
    .action((options: { json?: true }) =>
      withParts(context, async ({ config, lifecycle }) => {
        const databaseUrl = await databaseUrlOf(config, lifecycle)
        const migrating = () => migrateDatabase(databaseUrl)
        const applied = await (config.databaseUrl === undefined ? untilDone(lifecycle, migrating) : migrating())
        const words = applied === 0 ? "The database is up to date." : `Applied ${count(applied, "migration")}.`
        context.terminal.print(options.json ? JSON.stringify({ applied }) : words)
      }),
    )
}
