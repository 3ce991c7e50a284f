/**
 * Takes the one-time token out of the address: `/sign-in#token=…`.
 *
 * A fragment is never sent to a server, so the token is in no log; taking it away at once keeps it out of the
 * history and of what a person copies from the address bar.
 */
export function takeToken(location: Location, history: History): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname);
  return token;
}
