/** Distinct mentions taken from one message; more is a list, not talk. */
const mentionsMax = 100

/**
 * Whom and what a message mentions: ids that say by their first letter what they are (`U…` and `W…` users, `C…` and `G…`
 * channels, `S…` user groups), and the labels that Slack sent along. A person is written `@U…`, since names change; a channel
 * is written by the label, where there is one.
 */
export class Mentions {
  readonly #ids = new Set<string>()
  readonly #labels: ReadonlyMap<string, string>

  constructor(labels: ReadonlyMap<string, string> = new Map()) {
    this.#labels = labels
  }

  get ids(): string[] {
    return [...this.#ids]
  }

  user(id: string): string {
    return `@${this.#seen(id)}`
  }

  channel(id: string, label?: string): string {
    const known = this.#seen(id)
    return `#${label || this.#labels.get(id) || known}`
  }

  group(id: string, label?: string): string {
    const known = this.#seen(id)
    return `@${(label || this.#labels.get(id) || known).replace(/^@/, "")}`
  }

  #seen(id: string): string {
    if (this.#ids.size < mentionsMax && idForm.test(id)) this.#ids.add(id)
    return id
  }
}

const idForm = /^[A-Z][A-Z0-9]{1,30}$/

/** The labels of channels and user groups in a text in Slack's markup: blocks name the same ones by id alone. */
export function labelsIn(text: string): Map<string, string> {
  const labels = new Map<string, string>()
  for (const [, id, label] of text.matchAll(/<(?:#|!subteam\^)([A-Z0-9]{2,31})\|([^<>|\n]{1,100})>/g))
    labels.set(id!, label!)
  return labels
}
