const word = /[\p{L}\p{N}]/u

/**
 * One line with a mark of Slack's, around words, replaced by markdown's: `*bold*` by `**bold**`. As in Slack a mark opens
 * before a word and closes behind one; marks inside words, alone or doubled stay as they are. Linear in the line.
 */
export function remarked(line: string, mark: string, replacement: string): string {
  if (!line.includes(mark)) return line
  const pieces: string[] = []
  let position = 0
  for (let open = line.indexOf(mark); open >= 0; open = line.indexOf(mark, open + 1)) {
    if (open < position || !opens(line, open, mark)) continue
    const close = closing(line, open + 2, mark)
    // What closes does not depend on what opened, so where nothing closes nothing further on is closed either.
    if (close < 0) break
    pieces.push(line.slice(position, open), replacement, line.slice(open + 1, close), replacement)
    position = close + 1
  }
  return pieces.join("") + line.slice(position)
}

function opens(line: string, at: number, mark: string): boolean {
  const before = line[at - 1] ?? " "
  const after = line[at + 1] ?? " "
  return before !== mark && !word.test(before) && after !== mark && after.trim() !== ""
}

function closing(line: string, from: number, mark: string): number {
  for (let at = line.indexOf(mark, from); at >= 0; at = line.indexOf(mark, at + 1)) {
    const before = line[at - 1] ?? " "
    const after = line[at + 1] ?? " "
    if (before !== mark && before.trim() !== "" && after !== mark && !word.test(after)) return at
  }
  return -1
}
