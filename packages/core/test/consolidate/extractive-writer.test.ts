import { summaryWriterPromises } from "@engram/testkit/summary-writer-promises"
import { extractiveWriter } from "../../src/consolidate/extract.ts"

summaryWriterPromises("the extractive writer", async () => ({ writer: extractiveWriter }))
