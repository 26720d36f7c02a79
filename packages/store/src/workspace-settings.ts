import type { PrivacySettings } from "@engram/contracts/privacy"
import type { Database } from "./database.ts"
import { remember } from "./remember.ts"

const columns = `redact_emails as "redactEmails", redact_phones as "redactPhones", keep_raw as "keepRaw"`

/** What holds where nothing was chosen. */
export const defaultPrivacy: PrivacySettings = { redactEmails: false, redactPhones: null, keepRaw: true }

const kept = { foundMs: 2_000, missingMs: 1_000, entriesMax: 10_000 } as const

/** After so long every process goes by a new choice, also one that was asking when it was made. */
export const settingsSeenMs = 2 * kept.foundMs

/** A workspace's choices as the fleet asks for them, with every turn. A change is seen within 2 seconds. */
export function createPrivacyOf(database: Database): (workspaceId: string) => Promise<PrivacySettings> {
  const find = remember(async (workspaceId: string) => {
    const [row] = await database.inWorkspace(workspaceId, (tx) =>
      tx.query<PrivacySettings>(`select ${columns} from workspaces where id = $1`, [workspaceId]),
    )
    return row
  }, kept)
  return async (workspaceId) => (await find(workspaceId)) ?? defaultPrivacy
}

export interface WorkspaceAdmin {
  list(): Promise<(PrivacySettings & { readonly id: string })[]>
  /** Changes what is given and returns all of it; undefined when there is no such workspace. */
  set(workspaceId: string, change: Partial<PrivacySettings>): Promise<PrivacySettings | undefined>
}

export const createWorkspaceAdmin = ({ database }: { readonly database: Database }): WorkspaceAdmin => ({
  list: () => database.asFleet((tx) => tx.query(`select id, ${columns} from workspaces order by id`)),
  set: (workspaceId, { redactEmails, redactPhones, keepRaw }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const [row] = await tx.query<PrivacySettings>(
        `update workspaces set redact_emails = coalesce($2, redact_emails), keep_raw = coalesce($3, keep_raw),
                redact_phones = case when $4 then $5 else redact_phones end
         where id = $1 returning ${columns}`,
        [workspaceId, redactEmails ?? null, keepRaw ?? null, redactPhones !== undefined, redactPhones ?? null],
      )
      return row
    }),
})
