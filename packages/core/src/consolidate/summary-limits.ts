/** What every summary keeps to, whoever wrote it. Characters are UTF-16 code units, as Postgres and browsers never count fewer. */
export const summaryLimits = { sentencesMin: 3, sentencesMax: 7, charsMax: 1_200 } as const
