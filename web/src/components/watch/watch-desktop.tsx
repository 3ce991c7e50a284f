import { Loader } from "@mantine/core";

import type { ViewTicket } from "../../api/types";
import { t } from "../../i18n";
import { ProblemPanel } from "../../ui/problem-panel";
import type { Connection } from "../desktop/connection";
import { Curtain } from "../desktop/curtain";
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
        <Cover state={state} lastGoodStep={lastGoodStep} retryNow={link.retryNow} />
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

type CoverProps = { state: Connection } & Pick<Parameters<typeof Curtain>[0], "lastGoodStep" | "retryNow">;

function Cover({ state, ...rest }: CoverProps) {
  switch (state.kind) {
    case "shown":
      return null;
    case "over":
      return (
        <div className={classes.curtain}>
          <div className={classes.notice}>
            <ProblemPanel title={t("watch.isOver")} problem={state.problem} />
          </div>
        </div>
      );
    case "lost":
      return <Curtain problem={toWatcher(state.problem)} retryAt={state.retryAt} {...rest} />;
    case "asking":
    case "opening":
      if (state.problem !== null)
        return <Curtain problem={toWatcher(state.problem)} retryAt={null} {...rest} />;
      return (
        <div className={classes.opening} role="status">
          <Loader size="sm" /> {t("watch.opening")}
        </div>
      );
  }
}
