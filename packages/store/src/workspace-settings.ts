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

/** What an operator chooses for a workspace. */
export interface WorkspaceSettings extends PrivacySettings {
  /** Whose night it is when consolidation runs; an IANA name. */
  readonly timeZone: string
}

export interface WorkspaceAdmin {
  list(): Promise<(WorkspaceSettings & { readonly id: string })[]>
  /** Changes what is given and returns all of it; undefined when there is no such workspace. */
  set(workspaceId: string, change: Partial<WorkspaceSettings>): Promise<WorkspaceSettings | undefined>
}

const chosen = `${columns}, time_zone as "timeZone"`

export const createWorkspaceAdmin = ({ database }: { readonly database: Database }): WorkspaceAdmin => ({
  list: () => database.asFleet((tx) => tx.query(`select id, ${chosen} from workspaces order by id`)),
  set: (workspaceId, { redactEmails, redactPhones, keepRaw, timeZone }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const [row] = await tx.query<WorkspaceSettings>(
        `update workspaces set redact_emails = coalesce($2, redact_emails), keep_raw = coalesce($3, keep_raw),
                redact_phones = case when $4 then $5 else redact_phones end, time_zone = coalesce($6, time_zone)
         where id = $1 returning ${chosen}`,
        [
          workspaceId,
          redactEmails ?? null,
          keepRaw ?? null,
          redactPhones !== undefined,
          redactPhones ?? null,
          timeZone ?? null,
        ],
      )
      return row
    }),
})
