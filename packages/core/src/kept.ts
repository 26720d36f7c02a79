/**
 * The same pure function of a text, with its newest answers kept, for texts that come again: at most `charsMax` characters of
 * them, those not asked for longest go first.
 */
export function kept<Answer extends object | number>(
  compute: (text: string) => Answer,
  charsMax: number,
): (text: string) => Answer {
  const answers = new Map<string, Answer>()
  let chars = 0
  return (text) => {
    const known = answers.get(text)
    if (known === undefined) chars += text.length
    else answers.delete(text)
    const answer = known ?? compute(text)
    answers.set(text, answer)
    for (const oldest of answers.keys()) {
      if (chars <= charsMax) break
      answers.delete(oldest)
      chars -= oldest.length
    }
    return answer
  }
}
