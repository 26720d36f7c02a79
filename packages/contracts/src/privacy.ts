/** What a workspace chose to keep of what it is sent. Credentials are taken out of texts whatever it chose. */
export interface PrivacySettings {
  /** Addresses of people become pseudonyms. */
  readonly redactEmails: boolean
  /** Numbers of people too: null for none, `international` for those with a country code, `US` for those dialled there as well. */
  readonly redactPhones: string | null
  /** Whether raw bytes are kept, under their restricted prefix, once a delivery is processed or skipped. */
  readonly keepRaw: boolean
}

/** A hash that only holders of ENGRAM_SECRET_KEY can make, in hex; of one workspace and one purpose. */
export type KeyedHash = (workspaceId: string, text: string) => string

export const suppressionKinds = ["document", "alias", "identifier", "source", "workspace"] as const
export type SuppressionKind = (typeof suppressionKinds)[number]

/** One thing that must not come back. */
export interface Suppression {
  readonly kind: SuppressionKind
  readonly hash: string
  /** Tells which key made the hash. */
  readonly keyId: string
}

/** What an operator named is not one thing: the message says which it may be. */
export class UnclearName extends Error {
  override readonly name = "UnclearName"
}
