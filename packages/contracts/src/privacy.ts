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
