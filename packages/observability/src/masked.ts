/** What is never written, wherever it turns up: passwords inside URLs, and API keys. */
const secrets: readonly [pattern: RegExp, replacement: string][] = [
  [/(\w+:\/\/[^\s:@/"]*):[^\s@/"]+@/g, "$1:[secret]@"],
  [/engram_sk_[A-Za-z0-9_-]+/g, "engram_sk_[secret]"],
]

/** A text as it may leave the process. */
export const masked = (given: string): string =>
  secrets.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), given)
