/**
 * Visits the brackets, braces and commas of JSON outside its strings, each with the levels that are open at it, its own included.
 * Nothing is made of the text, and nothing recurses, so that none is too deep. Of what is not JSON it visits what is there.
 */
export function visitStructure(json: string, visit: (token: string, depth: number, at: number) => void): void {
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const token = json[at]
    if (token === '"') at = endOfString(json, at)
    else if (token === "[" || token === "{") visit(token, ++depth, at)
    else if (token === "]" || token === "}") visit(token, depth--, at)
    else if (token === ",") visit(token, depth, at)
  }
}

/** Where the quote is that ends the string whose first is at `start`; where none does, past the text. */
export function endOfString(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1
  return at
}
