/**
 * The whole workspace may read what `scope` holds, or the reader was granted it: `granted` are a reader's scopes, or null for all. One that
 * is not known is nobody's, one that is gone hides all. What every statement asks that answers readers.
 */
export const isReadable = (scope: string, granted: string): string =>
  `(${scope}.live is not false and (${granted}::text[] is null or ${scope}.privacy = 'org' or ${scope}.id = any(${granted})))`
