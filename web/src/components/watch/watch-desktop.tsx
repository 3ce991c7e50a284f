import type { ViewTicket } from "../../api/types";
import { t } from "../../i18n";
import type { Connection } from "../desktop/connection";
import { Cover } from "../desktop/cover";
import classes from "../desktop/desktop.module.css";
import { useDesktopLink } from "../desktop/use-desktop-link";
import type { ViewSettings } from "../desktop/view-settings";
import { toWatcher } from "./watcher-words";

const SETTINGS: ViewSettings = { quality: "balanced", size: "fit" };

interface Props {
  token: string;
  /** “Demo, Waiting for its person”; told when the connection is lost. */
  lastGoodStep: string;
  onTold: (text: string) => void;
}

/** A desktop to look at: no toolbar, no keys, no pointer. */
export function WatchDesktop({ token, lastGoodStep, onTold }: Props) {
  const { target, link, state } = useDesktopLink({
    askTicket: () => Promise.resolve(ticketOf(token)),
    askSession: () => undefined,
    settings: SETTINGS,
    watching: onTold,
    awaited: false,
  });
  return (
    <section className={classes.desktop} aria-label={t("watch.desktop")}>
      <div className={classes.stage}>
        <div ref={target} className={classes.target} data-shown={state.kind === "shown"} />
        <Cover
          state={asWatched(state)}
          lastGoodStep={lastGoodStep}
          opening="watch.opening"
          retryNow={link.retryNow}
        />
      </div>
    </section>
  );
}

/** The link's secret is the ticket, and is good more than once. */
const ticketOf = (token: string): ViewTicket => ({
  ticket: token,
  websocket: "/api/watch",
  terminal: "",
  copies: "",
  expires_at: "",
});

/** Who watches is told what a watcher can do about it. */
function asWatched(state: Connection): Connection {
  return state.kind === "shown" || state.kind === "over" || state.problem === null
    ? state
    : { ...state, problem: toWatcher(state.problem) };
}
