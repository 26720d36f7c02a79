import { dueRun, type NightState, nightRules } from "@engram/core/consolidate/due-run"
import { describe, expect, test } from "vitest"

const minute = 60_000
const noon = Date.parse("2026-03-10T12:00:00Z")
const state: NightState = {
  workspaceId: "acme",
  timeZone: "UTC",
  createdAt: Date.parse("2026-01-01T00:00:00Z"),
  lastDoneNight: "2026-03-10",
  lastNightAt: Date.parse("2026-03-10T03:00:00Z"),
  stepsOwed: false,
  running: false,
  failures: 0,
  lastFailedAt: null,
  lastThresholdAt: null,
  unseen: 0,
}
const due = (changes: Partial<NightState>, now = noon) => dueRun({ ...state, ...changes }, now, nightRules)

describe("what a workspace needs next", () => {
  test("nothing after its night; its night when that was missed", () => {
    expect(due({})).toBeUndefined()
    expect(due({ lastDoneNight: "2026-03-08" })).toEqual({ kind: "night", night: "2026-03-10" })
  })

  test("a new workspace waits for its first night", () => {
    const created = { lastDoneNight: null, createdAt: noon - minute }
    expect(due(created)).toBeUndefined()
    expect(due(created, noon + 17 * 60 * minute)).toEqual({ kind: "night", night: "2026-03-11" })
  })

  test("a time zone that no longer exists counts as UTC", () => {
    expect(due({ timeZone: "Mars/Olympus", lastDoneNight: null })).toEqual({ kind: "night", night: "2026-03-10" })
  })

  test("a look at crowded entities from the threshold on, and not again within the pause", () => {
    expect(due({ unseen: 49 })).toBeUndefined()
    expect(due({ unseen: 50 })).toEqual({ kind: "crowded" })
    expect(due({ unseen: 50, lastThresholdAt: noon - 14 * minute })).toBeUndefined()
    expect(due({ unseen: 50, lastThresholdAt: noon - 15 * minute })).toEqual({ kind: "crowded" })
  })

  test("the night before crowded entities, and nothing while a run is under way", () => {
    const both = { unseen: 500, lastDoneNight: "2026-03-09" }
    expect(due(both)).toEqual({ kind: "night", night: "2026-03-10" })
    expect(due({ ...both, running: true })).toBeUndefined()
  })

  test("after failures it waits 5, 10, 20, 40, 60, 60 … minutes", () => {
    for (const [failures, wait] of [5, 10, 20, 40, 60, 60, 60].entries()) {
      const failing = { lastDoneNight: "2026-03-09", failures: failures + 1, lastFailedAt: noon }
      expect(due(failing, noon + wait * minute - 1)).toBeUndefined()
      expect(due(failing, noon + wait * minute)).toEqual({ kind: "night", night: "2026-03-10" })
    }
    expect(due({ lastDoneNight: "2026-03-09", failures: 5_000, lastFailedAt: noon - 60 * minute })).toBeDefined()
  })
})
