/** `Application/JSON; charset=utf-8` → `application/json`; nothing → "". */
export function mediaType(contentType: string | undefined): string {
  if (contentType === undefined) return ""
  const end = contentType.indexOf(";")
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}
