/**
 * The URL when a person may be sent there; null otherwise.
 *
 * A sign-in URL comes out of a machine that runs foreign code: `javascript:` must never become a link.
 */
export function webUrl(text: string | null): URL | null {
  if (text === null || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url : null;
}
