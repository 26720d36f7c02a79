import { hash } from "node:crypto"
import { Temporal } from "temporal-polyfill"

/** When nights begin, in seconds of the local day: from, and up to. */
export interface NightWindow {
  readonly fromSecond: number
  readonly untilSecond: number
}

export interface NightQuestion {
  /** ms */
  readonly now: number
  /** An IANA name. */
  readonly timeZone: string
  /** When this workspace's night begins, in seconds of the local day. */
  readonly atSecond: number
  /** The local date of the last night that was done, `YYYY-MM-DD`. */
  readonly lastDoneNight: string | null
}

/**
 * The local date (`YYYY-MM-DD`) whose night has begun and is not done, or null. Of several that were missed only the latest: one run
 * makes up for all. Dates are compared, never times, so what clocks do moves a night by an hour and neither skips nor doubles one:
 * where 02:30 does not exist it begins at 03:00, the second 01:30 finds it done, a date that a zone leaves out has no night. A
 * workspace that moves to another time zone goes on with the first local date there that it has not had.
 */
export function dueNight({ now, timeZone, atSecond, lastDoneNight }: NightQuestion): string | null {
  const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone)
  const second = local.hour * 3_600 + local.minute * 60 + local.second
  const latest = second >= atSecond ? local : local.startOfDay().subtract({ nanoseconds: 1 })
  const night = latest.toPlainDate().toString()
  return lastDoneNight === null || night > lastDoneNight ? night : null
}

/** The second of the window at which a workspace's night begins: always the same one, and spread evenly over workspaces. */
export function secondOfNight(workspaceId: string, { fromSecond, untilSecond }: NightWindow): number {
  const share = Number.parseInt(hash("sha256", workspaceId, "hex").slice(0, 8), 16) / 2 ** 32
  return fromSecond + Math.floor(share * (untilSecond - fromSecond))
}

/** The zone as IANA writes it (`europe/berlin` → `Europe/Berlin`); undefined where there is none of that name, or it is an offset. */
export function readTimeZone(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId
  } catch {
    return undefined
  }
}
