import { dueNight, readTimeZone, secondOfNight } from "@engram/core/consolidate/nights"
import fc from "fast-check"
import { describe, expect, test } from "vitest"

const hour = 3_600_000
const halfPastTwo = 2.5 * 3_600

/** Nights that run when an alarm goes off at each of these times, each done as soon as it is due. */
function nightsOf(alarms: readonly number[], timeZone: string | ((at: number) => string), atSecond: number): string[] {
  const nights: string[] = []
  for (const now of alarms) {
    const zone = typeof timeZone === "string" ? timeZone : timeZone(now)
    const night = dueNight({ now, timeZone: zone, atSecond, lastDoneNight: nights.at(-1) ?? null })
    if (night !== null) nights.push(night)
  }
  return nights
}

const every = (stepMs: number, from: string, until: string): number[] => {
  const times: number[] = []
  for (let at = Date.parse(from); at <= Date.parse(until); at += stepMs) times.push(at)
  return times
}

describe("the night that is due", () => {
  const berlin = { timeZone: "Europe/Berlin", atSecond: halfPastTwo }

  test("begins at its second and not before, and is due until it is done", () => {
    const before = Date.parse("2026-03-10T01:29:59Z")
    expect(dueNight({ ...berlin, now: before, lastDoneNight: "2026-03-09" })).toBeNull()
    expect(dueNight({ ...berlin, now: before + 1_000, lastDoneNight: "2026-03-09" })).toBe("2026-03-10")
    expect(dueNight({ ...berlin, now: before + 20 * hour, lastDoneNight: "2026-03-09" })).toBe("2026-03-10")
    expect(dueNight({ ...berlin, now: before + 20 * hour, lastDoneNight: "2026-03-10" })).toBeNull()
  })

  test("is the latest of those that were missed, also before the next one begins", () => {
    const early = Date.parse("2026-03-10T00:10:00Z")
    expect(dueNight({ ...berlin, now: early, lastDoneNight: "2026-03-04" })).toBe("2026-03-09")
    expect(dueNight({ ...berlin, now: early + 6 * hour, lastDoneNight: "2026-03-04" })).toBe("2026-03-10")
  })

  test("is the date before, however long that day was", () => {
    const afterShort = Date.parse("2026-03-29T22:10:00Z")
    expect(dueNight({ ...berlin, now: afterShort, lastDoneNight: "2026-03-28" })).toBe("2026-03-29")
    const afterLong = Date.parse("2026-10-25T23:10:00Z")
    expect(dueNight({ ...berlin, now: afterLong, lastDoneNight: "2026-10-24" })).toBe("2026-10-25")
  })

  const minute = 60_000
  const clockChanges: [what: string, zone: string, from: string, until: string, nights: string[]][] = [
    [
      "02:30 does not exist, Berlin",
      "Europe/Berlin",
      "2026-03-27T12:00Z",
      "2026-03-30T12:00Z",
      ["27", "28", "29", "30"],
    ],
    ["02:30 comes twice, Berlin", "Europe/Berlin", "2026-10-23T12:00Z", "2026-10-26T12:00Z", ["23", "24", "25", "26"]],
    [
      "02:30 does not exist, Sydney",
      "Australia/Sydney",
      "2026-10-02T12:00Z",
      "2026-10-05T00:00Z",
      ["02", "03", "04", "05"],
    ],
    [
      "02:30 comes twice, Sydney",
      "Australia/Sydney",
      "2026-04-03T12:00Z",
      "2026-04-06T00:00Z",
      ["03", "04", "05", "06"],
    ],
    [
      "half an hour at Lord Howe, spring",
      "Australia/Lord_Howe",
      "2026-10-02T12:00Z",
      "2026-10-05T00:00Z",
      ["02", "03", "04", "05"],
    ],
    [
      "half an hour at Lord Howe, autumn",
      "Australia/Lord_Howe",
      "2026-04-03T12:00Z",
      "2026-04-06T00:00Z",
      ["03", "04", "05", "06"],
    ],
    [
      "30 December 2011 was left out in Apia",
      "Pacific/Apia",
      "2011-12-28T14:00Z",
      "2012-01-01T00:00Z",
      ["28", "29", "31", "01"],
    ],
    [
      "midnight does not exist, Cairo",
      "Africa/Cairo",
      "2026-04-22T12:00Z",
      "2026-04-25T12:00Z",
      ["22", "23", "24", "25"],
    ],
  ]
  test.each(clockChanges)("%s", (_, zone, from, until, days) => {
    const nights = nightsOf(every(minute, from, until), zone, halfPastTwo)
    expect(nights.map((night) => night.slice(8))).toEqual(days)
  })

  test("01:30 that comes twice is one night", () => {
    const nights = nightsOf(every(minute, "2026-10-31T12:00Z", "2026-11-02T12:00Z"), "America/New_York", 1.5 * 3_600)
    expect(nights).toEqual(["2026-10-31", "2026-11-01", "2026-11-02"])
  })

  test("midnight that comes twice is one night, and the date before it none again", () => {
    const nights = nightsOf(every(minute, "2006-10-27T12:00Z", "2006-10-30T12:00Z"), "America/St_Johns", 0)
    expect(nights).toEqual(["2006-10-27", "2006-10-28", "2006-10-29", "2006-10-30"])
  })

  test("a night missed before a date that was left out is made up for under its own date", () => {
    const now = Date.parse("2011-12-30T10:30:00Z")
    const apia = { timeZone: "Pacific/Apia", atSecond: halfPastTwo }
    expect(dueNight({ ...apia, now, lastDoneNight: "2011-12-28" })).toBe("2011-12-29")
    expect(dueNight({ ...apia, now, lastDoneNight: "2011-12-29" })).toBeNull()
  })
})

// Clock changes, dates left out and had twice, half and quarter hours, both hemispheres, the ends of the world.
const zones = [
  ...[
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Asuncion",
  ],
  ...[
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
  ],
  ...[
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Tehran",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
  ],
] as const

/** Every local date of which a minute from `fromSecond` on was seen, found minute by minute without the code under test. */
function datesSeen(from: number, until: number, timeZone: string, atSecond: number): string[] {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" })
  const dates = new Set<string>()
  for (let at = from; at <= until; at += 60_000) {
    const [date = "", time = ""] = format.format(at).split(" ")
    const [h = 0, m = 0, s = 0] = time.split(":").map(Number)
    if (h * 3_600 + m * 60 + s >= atSecond) dates.add(date)
  }
  return [...dates].sort()
}

const hourIn = (timeZone: string, at: number): number =>
  Number(new Intl.DateTimeFormat("en", { timeZone, hour: "2-digit", hourCycle: "h23" }).format(at))

const zone = fc.constantFrom(...zones)
const start = fc
  .integer({ min: Date.parse("2005-01-01") / 60_000, max: Date.parse("2030-01-01") / 60_000 })
  .map((m) => m * 60_000)
const gaps = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 60, maxLength: 200 })
const seconds = fc.integer({ min: 120, max: 299 }).map((minutes) => minutes * 60)

/** The days around a zone's clock changes of a year, where nearly all that can go wrong goes wrong. */
function aroundChanges(timeZone: string, year: number): number[] {
  const format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" })
  const offset = (at: number) => format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value
  const days = Array.from({ length: 365 }, (_, day) => Date.UTC(year, 0, 1) + day * 24 * hour)
  return days.filter((at) => offset(at) !== offset(at + 24 * hour)).map((at) => at - 30 * hour)
}

describe("with alarms at least every hour", () => {
  const oneRunADate = (from: number, timeZone: string, minutes: readonly number[], atSecond: number) => {
    const alarms = [from]
    for (const gap of minutes) alarms.push(alarms.at(-1)! + gap * 60_000)
    // Until noon: where clocks go back, what was seen between the last two alarms would be seen again after them.
    while (hourIn(timeZone, alarms.at(-1)!) < 12) alarms.push(alarms.at(-1)! + hour)
    const nights = nightsOf(alarms, timeZone, atSecond)
    const [first, ...dates] = datesSeen(from - 26 * hour, alarms.at(-1)!, timeZone, atSecond)
    // The night that was due when the alarms began may be one of the day before.
    expect([first, ...dates].filter((date) => date! >= nights[0]!)).toEqual(nights)
  }

  test("each local date has exactly one run", () => {
    fc.assert(fc.property(start, zone, gaps, seconds, oneRunADate), { numRuns: 60 })
  })

  test("each local date has exactly one run while clocks change", () => {
    const moments = fc.tuple(zone, fc.integer({ min: 2005, max: 2029 })).chain(([timeZone, year]) => {
      const changes = aroundChanges(timeZone, year)
      return fc.tuple(
        fc.constantFrom(...(changes.length > 0 ? changes : [Date.UTC(year, 0, 1)])),
        fc.constant(timeZone),
      )
    })
    fc.assert(
      fc.property(moments, gaps, seconds, ([from, timeZone], minutes, atSecond) =>
        oneRunADate(from, timeZone, minutes, atSecond),
      ),
      { numRuns: 60 },
    )
  })

  test("a night that begins between two alarms, before clocks go back, is begun when they show its second again", () => {
    const secondTime = Date.parse("2014-10-26T02:01:00Z")
    const alarms = [secondTime - hour, secondTime, secondTime + hour]
    expect(nightsOf(alarms.slice(0, 2), "Africa/Casablanca", 7_320)).toEqual(["2014-10-25"])
    expect(nightsOf(alarms, "Africa/Casablanca", 7_320)).toEqual(["2014-10-25", "2014-10-26"])
  })

  test("a workspace that moves between zones has no date twice, and none waits longer than a day and the way between", () => {
    fc.assert(
      fc.property(
        start,
        fc.array(zone, { minLength: 2, maxLength: 8 }),
        gaps,
        seconds,
        (from, stays, minutes, atSecond) => {
          const alarms = [from]
          for (const gap of minutes) alarms.push(alarms.at(-1)! + gap * 60_000)
          const zoneAt = (at: number) => stays[Math.floor((at - from) / (20 * hour)) % stays.length]!
          const runs: { night: string; at: number }[] = []
          for (const now of alarms) {
            const lastDoneNight = runs.at(-1)?.night ?? null
            const night = dueNight({ now, timeZone: zoneAt(now), atSecond, lastDoneNight })
            if (night !== null) runs.push({ night, at: now })
          }
          expect(runs.map(({ night }) => night)).toEqual([...new Set(runs.map(({ night }) => night))].sort())
          const waits = runs.slice(1).map(({ at }, index) => at - runs[index]!.at)
          expect(Math.max(0, ...waits)).toBeLessThanOrEqual((24 + 26 + 1 + 1) * hour)
        },
      ),
      { numRuns: 200 },
    )
  })
})

test("nights are spread over the window, each workspace's always at the same second", () => {
  const window = { fromSecond: 7_200, untilSecond: 18_000 }
  const at = Array.from({ length: 2_000 }, (_, n) => secondOfNight(`workspace-${n}`, window))
  expect(secondOfNight("workspace-7", window)).toBe(at[7])
  expect(Math.min(...at)).toBeGreaterThanOrEqual(7_200)
  expect(Math.max(...at)).toBeLessThan(18_000)
  const perQuarter = Map.groupBy(at, (second) => Math.floor(second / 900))
  for (const [, starts] of perQuarter) expect(starts.length).toBeLessThan((2_000 / 12) * 1.4)
  expect(perQuarter.size).toBe(12)
})

test("a time zone is read as IANA writes it, and what is none is told", () => {
  expect(readTimeZone("europe/berlin")).toBe("Europe/Berlin")
  expect(readTimeZone("Asia/Kolkata")).toBe("Asia/Kolkata")
  for (const wrong of ["", "Mars/Olympus", "+02:00", "02:00", "Berlin"]) expect(readTimeZone(wrong)).toBeUndefined()
})
