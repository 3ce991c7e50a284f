/** What of a machine is shown, kept in this browser. */

export const VIEWS = ["desktop", "terminal", "both"] as const;
export type View = (typeof VIEWS)[number];

const KEY = "vestibule.view";

export function loadView(storage: Pick<Storage, "getItem">): View {
  const kept = storage.getItem(KEY);
  return VIEWS.find((view) => view === kept) ?? "desktop";
}

export function keepView(storage: Pick<Storage, "setItem">, view: View): void {
  storage.setItem(KEY, view);
}
