/**
 * Carries out what `connection.ts` decides: asks for tickets, opens surfaces, keeps timers.
 *
 * Lifetime: from `start` to `stop`; React reads it through `subscribe` and `state`.
 */

import { asProblem } from "../../api/problem";
import type { ViewTicket } from "../../api/types";
import type { End } from "./causes";
import type { Traffic } from "./channel";
import {
  begin,
  decide,
  type Connection,
  type ConnectionEvent,
  type Decision,
  type Effect,
} from "./connection";
import type { Key } from "./keysyms";
import type { ViewSettings } from "./view-settings";

/** A desktop on the screen; noVNC in the browser, a fake in tests. */
export interface Surface {
  focus: () => void;
  /** Lets go of the keyboard. */
  release: () => void;
  /** Presses one key while others are held. */
  press: (key: Key, held: readonly Key[]) => void;
  /** Holds these keys down until they are let go. */
  hold: (keys: readonly Key[]) => void;
  /** Lets go of these keys; of all modifiers, if none are named: what is pressed next is pressed alone. */
  letGo: (keys?: readonly Key[]) => void;
  /** Types text by key symbols: right for every keyboard layout. */
  type: (text: string) => void;
  show: (settings: ViewSettings) => void;
  /** What has passed since it was opened. */
  traffic: () => Traffic;
  close: () => void;
}

export interface SurfaceListeners {
  onOpened: () => void;
  onDropped: (end: End) => void;
  /** The connection stands, and nothing comes through it. */
  onSilent: () => void;
  /** The controller tells a watcher how the session stands. */
  onTold: (text: string) => void;
}

/** What can be shown, and must be closed; a desktop unless it is said what. */
export interface Closable {
  close: () => void;
}

export interface LinkParts<S extends Closable = Surface> {
  askTicket: () => Promise<ViewTicket>;
  openSurface: (ticket: ViewTicket, listeners: SurfaceListeners) => Promise<S>;
  askSession: () => void;
  restoreFocus: (surface: S) => void;
  onTold: (text: string) => void;
  /** Whether the machine has not confirmed itself: a view of it waits for that, however long. */
  isAwaited: () => boolean;
  now: () => number;
  /** Evenly from 0 to 1. */
  chance: () => number;
}

export class DesktopLink<S extends Closable = Surface> {
  state: Connection = { kind: "asking", attempt: 0, failures: 0, problem: null };
  private surface: S | undefined;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private readonly watchers = new Set<() => void>();
  /** What it works with, from `start` to `stop`. */
  private parts: LinkParts<S> | undefined;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly current = (): Connection => this.state;

  /** The surface on the screen, for the toolbar. */
  get shown(): S | undefined {
    return this.state.kind === "shown" ? this.surface : undefined;
  }

  start(parts: LinkParts<S>): void {
    this.parts = parts;
    this.apply(begin(this.state.attempt + 1));
  }

  stop(): void {
    this.parts = undefined;
    this.discard();
  }

  /** The person does not want to wait for the next try. */
  readonly retryNow = (): void => {
    this.send({ kind: "retry" });
  };

  private send(event: ConnectionEvent): void {
    this.apply(decide(this.state, event));
  }

  /** After `stop` there are no parts, and nothing happens any more. */
  private apply([state, effects]: Decision): void {
    if (this.parts === undefined) return;
    this.state = state;
    for (const effect of effects) this.perform(effect, this.parts);
    for (const watcher of this.watchers) watcher();
  }

  private perform(effect: Effect, parts: LinkParts<S>): void {
    switch (effect.kind) {
      case "ask-ticket":
        this.askTicket(effect.attempt, parts);
        return;
      case "open":
        this.open(effect, parts);
        return;
      case "discard":
        this.discard();
        return;
      case "expire-in":
        this.after(effect.ms, () => {
          if (parts.isAwaited()) this.perform(effect, parts);
          else this.send({ kind: "expired", ...lossOf(effect.attempt, parts) });
        });
        return;
      case "retry-in":
        this.after(effect.ms, this.retryNow);
        return;
      case "ask-session":
        parts.askSession();
        return;
      case "restore-focus":
        if (this.surface !== undefined) parts.restoreFocus(this.surface);
    }
  }

  private askTicket(attempt: number, parts: LinkParts<S>): void {
    parts.askTicket().then(
      (ticket) => {
        this.send({ kind: "ticket", attempt, ticket });
      },
      (error: unknown) => {
        this.refuse(attempt, error, parts);
      },
    );
  }

  private open({ attempt, ticket }: { attempt: number; ticket: ViewTicket }, parts: LinkParts<S>): void {
    const listeners: SurfaceListeners = {
      onOpened: () => {
        this.send({ kind: "opened", attempt, at: parts.now() });
      },
      onDropped: (end) => {
        this.send({ kind: "dropped", end, ...lossOf(attempt, parts) });
      },
      onSilent: () => {
        this.send({ kind: "silent", ...lossOf(attempt, parts) });
      },
      onTold: parts.onTold,
    };
    parts.openSurface(ticket, listeners).then(
      (surface) => {
        this.adopt(attempt, surface);
      },
      (error: unknown) => {
        this.refuse(attempt, error, parts);
      },
    );
  }

  /** noVNC may arrive (it is loaded on first use) after its attempt was given up. */
  private adopt(attempt: number, surface: S): void {
    const wanted =
      this.parts !== undefined && this.state.kind === "opening" && this.state.attempt === attempt;
    if (wanted) this.surface = surface;
    else surface.close();
  }

  private refuse(attempt: number, error: unknown, parts: LinkParts<S>): void {
    this.send({ kind: "refused", problem: asProblem(error), ...lossOf(attempt, parts) });
  }

  private discard(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    const surface = this.surface;
    this.surface = undefined;
    surface?.close();
  }

  private after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }
}

function lossOf(
  attempt: number,
  parts: Pick<LinkParts, "now" | "chance">,
): { attempt: number; at: number; chance: number } {
  return { attempt, at: parts.now(), chance: parts.chance() };
}
