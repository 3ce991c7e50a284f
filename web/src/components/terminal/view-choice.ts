/** What of a machine is shown, kept in this browser. */

export const VIEWS = ["desktop", "terminal", "both"] as const;
export type View = (typeof VIEWS)[number];

const KEY = "vestibule.view";

/**
 * What was chosen last; of a machine whose sign-in `needsDesktop`, the terminal alone only where it was chosen at
 * that machine: the page to sign in on could not be seen.
 */
export function loadView(storage: Pick<Storage, "getItem">, vmId: string, needsDesktop: boolean): View {
  const [kept, chosenAt] = (storage.getItem(KEY) ?? "").split(" ");
  const view = VIEWS.find((known) => known === kept) ?? "desktop";
  return view === "terminal" && needsDesktop && chosenAt !== vmId ? "desktop" : view;
}

export function keepView(storage: Pick<Storage, "setItem">, vmId: string, view: View): void {
  storage.setItem(KEY, `${view} ${vmId}`);
}
