/** What a command answers. A status (OK, PONG) is not a stored string. */
export type Reply = { result: unknown; isStatus?: true } | { error: string }

const keyBytesMax = 32_000

interface Entry {
  readonly value: string
  readonly expiresAt: number
}

/** The few Redis commands that a cache needs, kept in memory. Anything else is refused, as is a wrong number of arguments. */
export function createUpstashCommands(): (command: unknown) => Reply {
  const entries = new Map<string, Entry>()
  /** What scans under way have not looked at yet, by cursor. */
  const scanned = new Map<string, string[]>()
  let cursors = 0
  const read = (key: string): string | null => {
    const entry = entries.get(key)
    if (entry && entry.expiresAt > Date.now()) return entry.value
    entries.delete(key)
    return null
  }

  const commands: Record<string, (parameters: string[]) => Reply> = {
    PING: (parameters) => (parameters.length === 0 ? { result: "PONG", isStatus: true } : wrongNumber("ping")),
    GET: ([key, ...rest]) => (key === undefined || rest.length > 0 ? wrongNumber("get") : { result: read(key) }),
    MGET: (keys) => (keys.length === 0 ? wrongNumber("mget") : { result: keys.map(read) }),
    DEL: (keys) => {
      if (keys.length === 0) return wrongNumber("del")
      return { result: keys.filter((key) => read(key) !== null && entries.delete(key)).length }
    },
    SCAN: ([cursor, ...options]) => {
      if (cursor === undefined) return wrongNumber("scan")
      const asked = scanOptions(options)
      if (asked === undefined) return { error: "ERR syntax error" }
      if (!/^[0-9]+$/.test(cursor)) return { error: "ERR invalid cursor" }
      const keys = scanned.get(cursor) ?? [...entries.keys()]
      const rest = keys.slice(asked.count)
      const next = rest.length === 0 ? "0" : String(++cursors)
      if (rest.length > 0) scanned.set(next, rest)
      const found = keys.slice(0, asked.count).filter((key) => read(key) !== null && asked.match.test(key))
      return { result: [next, found] }
    },
    SET: ([key, value, unit, time, ...rest]) => {
      if (key === undefined || value === undefined) return wrongNumber("set")
      const unitMs = { EX: 1_000, PX: 1 }[unit?.toUpperCase() ?? ""]
      if (unit !== undefined && (unitMs === undefined || rest.length > 0)) return { error: "ERR syntax error" }
      if (unitMs !== undefined && !/^[1-9][0-9]*$/.test(time ?? "")) {
        return { error: "ERR value is not an integer or out of range" }
      }
      const expiresAt = unitMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(time) * unitMs
      entries.set(key, { value, expiresAt })
      return { result: "OK", isStatus: true }
    },
  }

  return (command) => {
    if (!Array.isArray(command) || command.length === 0) return { error: "ERR empty command" }
    const [name, ...parameters] = command.map(String)
    const large = parameters.slice(0, 1).find((key) => Buffer.byteLength(key) > keyBytesMax)
    if (large) {
      return {
        error: `ERR max key size exceeded. Limit: ${keyBytesMax} bytes, Actual: ${Buffer.byteLength(large)} bytes`,
      }
    }
    const known = commands[name?.toUpperCase() ?? ""]
    return known ? known(parameters) : { error: `ERR Command is not available: '${name}'` }
  }
}

function wrongNumber(name: string): Reply {
  return { error: `ERR wrong number of arguments for '${name}' command` }
}

function scanOptions(options: readonly string[]): { match: RegExp; count: number } | undefined {
  let match = "*"
  let count = 10
  for (let at = 0; at < options.length; at += 2) {
    const value = options[at + 1]
    const name = options[at]!.toUpperCase()
    if (value === undefined || (name !== "MATCH" && name !== "COUNT")) return undefined
    if (name === "MATCH") match = value
    else count = Number(value)
  }
  return Number.isInteger(count) && count > 0 ? { match: matcher(match), count } : undefined
}

/** Redis' glob patterns, as far as a star and escapes. */
function matcher(pattern: string): RegExp {
  const parts = pattern.replace(/\\(.)|(\*)|([\s\S])/g, (_, escaped?: string, star?: string, other?: string) =>
    star ? "[\\s\\S]*" : (escaped ?? other ?? "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
  )
  return new RegExp(`^${parts}$`)
}
