/** Whether a token or key can stand in a header of HTTP as it is. `fetch` fails at any other as if the server were away. */
export const isSendable = (credential: string): boolean => /^[\x21-\x7e]+$/.test(credential)

export const sendableInWords = "letters, digits and signs of ASCII, without … or a space or line break inside"
