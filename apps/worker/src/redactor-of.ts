import type { PrivacySettings } from "@engram/contracts/privacy"
import { createRedactor, type Redactor } from "@engram/core/redact/redactor"
import { createKeyedHash } from "@engram/store/keyed-hash"

/** The redactor that a workspace's choices ask for, with pseudonyms under this fleet's secret key. */
export function createRedactorOf(deps: {
  readonly privacyOf: (workspaceId: string) => Promise<PrivacySettings>
  readonly secretKey: string
  readonly onFound: (rule: string) => void
}): (workspaceId: string) => Promise<Redactor> {
  const pseudonyms = createKeyedHash(deps.secretKey, "pseudonyms")
  return async (workspaceId) => {
    const { redactEmails, redactPhones } = await deps.privacyOf(workspaceId)
    return createRedactor({
      policy: { emails: redactEmails, phones: redactPhones },
      pseudonym: (contact) => pseudonyms(workspaceId, contact).slice(0, 16),
      onFound: deps.onFound,
    })
  }
}
