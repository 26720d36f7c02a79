const first = Date.parse("0001-01-01T00:00:00Z")
const last = Date.parse("9999-12-31T23:59:59.999Z")

/** Whether ms are of the years 1 to 9999, in UTC: Postgres does not read what JavaScript writes of others. */
export const isTime = (ms: number): boolean => ms >= first && ms <= last
