/**
 * Takes a token out of the address: `/sign-in#token=…`, `/watch#token=…`.
 *
 * A fragment is never sent to a server, so the token is in no log; taking it away at once keeps it out of the
 * history and of what a person copies from the address bar.
 */
export function takeToken(location: Location, history: History): string | null {
  const token = tokenIn(location);
  if (token !== null) history.replaceState(null, "", location.pathname);
  return token;
}

/** The same of a token that is good more than once: a page that is loaded again in its tab still has it. */
export function keptToken(location: Location, history: History): string | null {
  const token = tokenIn(location);
  if (token === null) return kept(history.state);
  history.replaceState({ token }, "", location.pathname);
  return token;
}

const tokenIn = (location: Location): string | null =>
  new URLSearchParams(location.hash.slice(1)).get("token");

function kept(state: unknown): string | null {
  if (typeof state !== "object" || state === null || !("token" in state)) return null;
  return typeof state.token === "string" ? state.token : null;
}
