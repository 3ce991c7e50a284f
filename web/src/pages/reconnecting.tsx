import { useState } from "react";

import type { FeedState } from "../api/event-feed";
import { t } from "../i18n";
import classes from "./reconnecting.module.css";

/** Said only when there was a connection before. */
export function Reconnecting({ feed }: { feed: FeedState }) {
  const [wasLive, setWasLive] = useState(false);
  if (feed === "live" && !wasLive) setWasLive(true);
  if (feed === "live" || feed === "troubled" || (feed === "connecting" && !wasLive)) return null;
  return (
    <span className={classes.feed} role="status">
      {t("common.reconnecting")}
    </span>
  );
}
