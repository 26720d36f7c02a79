import type { CalendarWindow, WindowKind } from "@engram/contracts/consolidation"

/** Observations are hot so long: their windows are weeks. A month all of whose days are older is one window. */
export const hotDays = 90

const dayMs = 86_400_000

/** A night asks for the same few hundred days millions of times. */
const names = new Map<number, string>()

/** The UTC day of an instant in ms: `YYYY-MM-DD`. */
export function dayOf(at: number): string {
  const day = Math.floor(at / dayMs)
  const known = names.get(day)
  if (known !== undefined) return known
  const name = new Date(at).toISOString().slice(0, 10)
  if (names.size > 10_000) names.clear()
  names.set(day, name)
  return name
}

export const addDays = (day: string, days: number): string => dayOf(Date.parse(day) + days * dayMs)

/** The window of this kind that a day falls into. */
export function windowAround(day: string, kind: WindowKind): CalendarWindow {
  const date = new Date(day)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  if (kind === "week") {
    const from = addDays(day, -((date.getUTCDay() + 6) % 7))
    return { kind, from, until: addDays(from, 7) }
  }
  const months = kind === "month" ? 1 : 3
  const first = month - (month % months)
  return { kind, from: dayOf(Date.UTC(year, first, 1)), until: dayOf(Date.UTC(year, first + months, 1)) }
}

/** The first day that is still told by weeks: all before it belongs to months that were over `hotDays` before `today`. */
export function hotSince(today: string): string {
  const oldest = addDays(today, -hotDays)
  return windowAround(oldest, "month").from
}

/** The week or month of a day, as seen from `today`. Of the first hot week only the days that are hot belong to it. */
export const windowOf = (day: string, today: string): CalendarWindow =>
  windowAround(day, day < hotSince(today) ? "month" : "week")

/** The days of a window whose observations are its own: none of a week that has become part of its months. */
export function ownDays(window: CalendarWindow, today: string): { readonly from: string; readonly until: string } {
  const hot = hotSince(today)
  return window.kind === "week" && window.from < hot ? { from: hot, until: window.until } : window
}
