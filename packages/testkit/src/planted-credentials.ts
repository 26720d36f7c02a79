/** Letters and digits in no order that a person would see, the same each time: enough entropy for every rule. */
function noise(length: number, alphabet: string, seed: number): string {
  let state = seed * 2_654_435_761 + 12_345
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return alphabet[(state >>> 8) % alphabet.length]
  }).join("")
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
const base64 = `${letters}+/`
const hex = "0123456789abcdef"

/** A credential as it stands in a text, and the part of it that nobody may find afterwards. */
export interface Planted {
  readonly kind: string
  readonly text: string
  readonly secret: string
}

/**
 * Credentials of every kind, made of pieces so that no scanner of repositories takes them for real ones, and never the same
 * as anybody's. `seed` makes others.
 */
export function plantedCredentials(seed = 1): Planted[] {
  let count = 0
  const made = (length: number, alphabet = letters) => noise(length, alphabet, seed * 1_000 + ++count)
  const bare = (kind: string, ...pieces: string[]): Planted => ({
    kind,
    text: pieces.join(""),
    secret: pieces.join(""),
  })
  const inside = (kind: string, before: string, secret: string, after = ""): Planted => ({
    kind,
    text: `${before}${secret}${after}`,
    secret,
  })
  const lines = (length: number) =>
    made(length, base64)
      .match(/.{1,64}/g)!
      .join("\n")
  const pem = (kind: string) => [
    `-----BEGIN ${kind}`,
    "PRIVATE KEY-----\n",
    `MII${lines(1_500)}`,
    `\n-----END ${kind}`,
    "PRIVATE KEY-----",
  ]
  const dashed = (...groups: string[]) => groups.join("-")
  return [
    bare("github", "gh", "p_", made(36)),
    bare("github server", "gh", "s_", made(36)),
    bare("github fine-grained", "github", "_pat_", made(82, `${letters}_`)),
    bare("gitlab", "gl", "pat-", made(20)),
    bare("aws key id", "AK", "IA", made(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
    inside("aws secret", "aws_secret_access_key = ", made(40, base64)),
    bare("slack bot", dashed("xo" + "xb", made(12, "123456789"), made(12, "123456789"), made(24))),
    bare("slack app", dashed("xa" + "pp", "1", made(11), made(13, "123456789"), made(40, hex))),
    inside("slack webhook", "https://hooks.slack", `.com/services/T${made(9)}/B${made(9)}/${made(24)}`),
    bare("google", "AI", "za", made(35)),
    bare("google oauth", "GOC", "SPX-", made(28)),
    bare("stripe", "sk", "_live_", made(32)),
    bare("sendgrid", "S", "G.", made(22), ".", made(43)),
    bare("openai", "s", "k-", made(20), "T3Blbk", "FJ", made(20)),
    bare("openai project", "s", "k-proj-", made(80, `${letters}_-`)),
    bare("anthropic", "s", "k-ant-api03-", made(93, `${letters}_-`), "AA"),
    bare("linear", "lin", "_api_", made(40)),
    bare("notion", "nt", "n_", made(11, "0123456789"), made(35)),
    bare("npm", "np", "m_", made(36)),
    inside("npmrc", "//registry.example.org/:_auth", `Token=${made(36, `${hex}-`)}`),
    bare("pypi", "py", "pi-", made(90)),
    bare("vault", "hv", "s.", made(95)),
    bare("databricks", "da", "pi", made(32, hex)),
    bare("docker", "dckr", "_pat_", made(27)),
    bare("figma", "fi", "gd_", made(43)),
    bare("atlassian", "ATA", "TT3", made(180)),
    bare("digitalocean", "do", "p_v1_", made(64, hex)),
    bare("azure client secret", made(3), "8", "Q", "~", made(33)),
    inside(
      "azure storage",
      "DefaultEndpointsProtocol=https;Account",
      `Key=${made(86, base64)}==`,
      ";EndpointSuffix=core",
    ),
    bare("telegram", made(9, "123456789"), ":A", "A", made(33)),
    bare("jwt", "ey", "J", made(30), ".ey", "J", made(60), ".", made(43)),
    bare("engram", "engram", "_sk_", made(43)),
    bare("rsa key", ...pem("RSA ")),
    bare("pkcs8 key", ...pem("")),
    bare("openssh key", ...pem("OPENSSH ")),
    inside("key cut off", "", ["-----BEGIN EC ", `PRIVATE KEY-----\nMII${lines(600)}`].join("")),
    inside("key in json", '{"private_key": "', pem("").join("").replaceAll("\n", "\\n"), '"}'),
    inside("postgres url", "postgresql://engram:", made(18), "@db.internal:5432/main"),
    inside("redis url", "redis://:", `${made(12)}$!`, "@cache.internal:6379"),
    inside("url user", "https://", made(40), "@git.example.org/acme/site.git"),
    inside("signed url", "https://files.example.org/a.png?X-Amz-Signature=", made(64, hex), "&X-Amz-Expires=300"),
    inside("bearer", "curl -H 'Authorization: Bearer ", made(44), "' https://api.example.org"),
    inside("basic", "authorization: Basic ", made(36, base64)),
    inside("password", "DB_PASSWORD=", made(20)),
    inside("quoted password", 'the password: "', made(24), '" is for staging'),
    inside("client secret", '"client_secret": "', made(32), '"'),
    inside("api key", "api-key = '", made(40, hex), "'"),
  ]
}
