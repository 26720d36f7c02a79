import type { PrivacySettings } from "@engram/contracts/privacy"
import { newAuditId, writeAudit } from "./audit-log.ts"
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
  /** Documents untouched for longer go in the night, with all that came of them; null keeps them. */
  readonly retentionDays: number | null
  /** While on, nothing of the workspace is deleted, for its age or on request. */
  readonly legalHold: boolean
}

export interface WorkspaceAdmin {
  list(): Promise<(WorkspaceSettings & { readonly id: string })[]>
  /**
   * Changes what is given and returns all of it; undefined when there is no such workspace. What decides what is deleted is written to
   * the audit log with what stood before.
   */
  set(workspaceId: string, change: Partial<WorkspaceSettings>, actor: string): Promise<WorkspaceSettings | undefined>
}

const chosen = `${columns}, time_zone as "timeZone", retention_days as "retentionDays", legal_hold as "legalHold"`

export const createWorkspaceAdmin = ({ database }: { readonly database: Database }): WorkspaceAdmin => ({
  list: () => database.asFleet((tx) => tx.query(`select id, ${chosen} from workspaces order by id`)),
  set: (workspaceId, change, actor) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const { redactEmails, redactPhones, keepRaw, timeZone, retentionDays, legalHold } = change
      // Waits for what is being deleted at this moment: a hold is on when this returns.
      const [before] = await tx.query<WorkspaceSettings>(`select ${chosen} from workspaces where id = $1 for update`, [
        workspaceId,
      ])
      if (!before) return undefined
      const [row] = await tx.query<WorkspaceSettings>(
        `update workspaces set redact_emails = coalesce($2, redact_emails), keep_raw = coalesce($3, keep_raw),
                redact_phones = case when $4 then $5 else redact_phones end,
                retention_days = case when $6 then $7::int else retention_days end, legal_hold = coalesce($8, legal_hold),
                time_zone = coalesce($9, time_zone)
         where id = $1 returning ${chosen}`,
        [
          workspaceId,
          redactEmails ?? null,
          keepRaw ?? null,
          redactPhones !== undefined,
          redactPhones ?? null,
          retentionDays !== undefined,
          retentionDays ?? null,
          legalHold ?? null,
          timeZone ?? null,
        ],
      )
      const [was, is] = [deletionOf(before), deletionOf(row!)]
      if (was.retentionDays !== is.retentionDays || was.legalHold !== is.legalHold) {
        const entry = { actor, action: "workspace.set", subjects: [workspaceId], detail: { before: was, after: is } }
        await writeAudit(tx, workspaceId, { id: newAuditId(), ...entry, undoes: null })
      }
      return row
    }),
})

const deletionOf = ({ retentionDays, legalHold }: WorkspaceSettings) => ({ retentionDays, legalHold })
