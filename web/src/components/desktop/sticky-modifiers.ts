/**
 * Modifiers of the on-screen keyboard, which one finger presses one after the other.
 *
 *     off ──press──▶ once ──press──▶ locked ──press──▶ off        once ──a key──▶ off
 */

import { MODIFIER_KEYS, type Key, type Modifier } from "./keysyms";

export type Hold = "off" | "once" | "locked";
export type Holds = Readonly<Record<Modifier, Hold>>;

export const NO_HOLDS: Holds = { control: "off", alt: "off", shift: "off", super: "off" };

const NEXT: Record<Hold, Hold> = { off: "once", once: "locked", locked: "off" };

export function pressModifier(holds: Holds, modifier: Modifier): Holds {
  return { ...holds, [modifier]: NEXT[holds[modifier]] };
}

/** After another key: what was to hold once is let go. */
export function afterKey(holds: Holds): Holds {
  const kept = Object.entries(holds).map(([name, hold]) => [name, hold === "once" ? "off" : hold]);
  return Object.fromEntries(kept) as Holds;
}

/** The keys that are held while another one is pressed. */
export function heldKeys(holds: Holds): Key[] {
  return Object.entries(MODIFIER_KEYS)
    .filter(([name]) => holds[name as Modifier] !== "off")
    .map(([, key]) => key);
}
