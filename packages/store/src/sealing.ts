import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"
import { Rejected } from "@engram/contracts/errors"

/** Keeps secrets unreadable in the database. */
export interface Sealer {
  /** `owner` is bound into the seal: a sealed secret moved to another row does not open. */
  seal(secret: string, owner: string): string
  /** Throws `Rejected("secret_sealed_otherwise")` when it was sealed with another key, for another owner, or changed since. */
  open(sealed: string, owner: string): string
}

const version = "v1"
const ivBytes = 12
const tagBytes = 16

/** AES-256-GCM under a key derived from `secretKey` (ENGRAM_SECRET_KEY), which may be any text of at least 16 characters. */
export function createSealer(secretKey: string): Sealer {
  const key = Buffer.from(hkdfSync("sha256", secretKey, "", "engram webhook secrets", 32))
  return {
    seal: (secret, owner) => {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(owner))
      const sealed = Buffer.concat([iv, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()])
      return `${version}.${sealed.toString("base64url")}`
    },
    open: (sealed, owner) => {
      try {
        const [prefix, payload = ""] = sealed.split(".")
        if (prefix !== version) throw new Error(`a seal of version ${prefix} is not one this release knows`)
        const bytes = Buffer.from(payload, "base64url")
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes)).setAAD(Buffer.from(owner))
        decipher.setAuthTag(bytes.subarray(-tagBytes))
        return decipher.update(bytes.subarray(ivBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8")
      } catch (error) {
        throw new Rejected(
          "secret_sealed_otherwise",
          `the secret of ${owner} does not open: ENGRAM_SECRET_KEY (or secret.key in the data directory) is not the key it was ` +
            "sealed with; set that one again or, if it is lost, give the connection a new secret: `engram connect … --rotate`, " +
            "or `--secret` with the one its sender shows",
          { cause: error },
        )
      }
    },
  }
}
