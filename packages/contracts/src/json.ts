/** Whatever JSON can say. Values of this type survive a round trip through Postgres `jsonb`. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Levels of nesting in what senders may say in their own words; other languages' parsers begin to refuse at 1,000. */
export const nestingMax = 500
