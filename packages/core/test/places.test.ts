import { expect, test } from "vitest"
import { placesOf } from "../src/places.ts"

test("equal neighbours share the first one's place, wherever their scores lie, and what follows is counted on", () => {
  expect(placesOf([0.9, 0.5000008, 0.5000004, 0.5, 0.4])).toEqual([1, 2, 2, 2, 5])
  expect(placesOf([0.500002, 0.5])).toEqual([1, 2])
  expect(placesOf([])).toEqual([])
})
