/** The fullest name that any of a person's accounts has, else the first handle; the accounts in the order of their ids. */
export function personName(
  accounts: readonly { readonly name: string | null; readonly handle: string | null }[],
): string | undefined {
  const names = accounts.flatMap(({ name }) => name || [])
  return (
    names.find((name) => name.includes(" ")) ?? names[0] ?? accounts.find(({ handle }) => handle)?.handle ?? undefined
  )
}
