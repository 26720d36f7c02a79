/** Whatever JSON can say. Values of this type survive a round trip through Postgres `jsonb`. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }
