import { useEffect, useState } from "react";

import { follow, type Feed, type FeedState } from "./event-feed";

/** Hands on what the feed tells while there is one; tells how the feed is.  Feed and listener must be stable. */
export function useFeed<Thing>(feed: Feed<Thing> | null, onEvent: (thing: Thing) => void): FeedState {
  const [state, setState] = useState<FeedState>("connecting");
  useEffect(() => {
    if (feed === null) return undefined;
    return follow(feed, { onEvent, onState: setState });
  }, [feed, onEvent]);
  return state;
}
