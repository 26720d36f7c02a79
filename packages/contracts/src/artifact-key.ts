import { Rejected } from "./errors.ts"

const segment = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,199}$/

/**
 * Throws `Rejected("artifact_key")` unless the key is 1 to 20 segments parted by `/`, each of 1 to 200 letters, digits,
 * `.`, `_`, `=` or `-` and not beginning with a dot: such a key means the same on S3 and on any file system, and
 * cannot leave its folder.
 */
export function assertArtifactKey(key: string): void {
  const segments = key.split("/")
  if (segments.length <= 20 && segments.every((each) => segment.test(each))) return
  throw new Rejected("artifact_key", `"${key.slice(0, 100)}" is not a key an artifact can be stored under`, {
    path: "key",
  })
}

/** Throws `Rejected("artifact_key")` unless the prefix is whole segments of a key, ending in `/`. */
export function assertArtifactPrefix(prefix: string): void {
  assertArtifactKey(prefix.endsWith("/") ? prefix.slice(0, -1) : "")
}
