import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconShare2 } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import * as client from "../api/client";
import { asProblem } from "../api/problem";
import { viewLinksQuery } from "../api/queries";
import type { Session } from "../api/types";
import { ToolButton } from "../components/desktop/tool-button";
import { ToolPopover } from "../components/desktop/tool-popover";
import { SharePanel } from "../components/sharing/share-panel";
import { t } from "../i18n";

/** The toolbar's button for view links, and what it opens. */
export function ShareView({ session }: { session: Session }) {
  const { session_id: id, watchers } = session;
  const [opened, setOpened] = useState(false);
  const cache = useQueryClient();
  const links = useQuery({ ...viewLinksQuery(id), enabled: opened });
  const onSettled = () => cache.invalidateQueries(viewLinksQuery(id));
  const make = useMutation({ mutationFn: (seconds: number) => client.makeViewLink(id, seconds), onSettled });
  const revoke = useMutation({ mutationFn: (link: string) => client.revokeViewLink(id, link), onSettled });
  useEffect(() => {
    // Somebody came or left: perhaps because a link is over.
    void cache.invalidateQueries(viewLinksQuery(id));
  }, [cache, id, watchers]);
  const error = make.error ?? revoke.error ?? links.error;
  return (
    <ToolPopover
      opened={opened}
      onChange={setOpened}
      width={340}
      trapFocus
      returnFocus
      button={
        <ToolButton
          label={t("watch.share")}
          expanded={opened}
          onClick={() => {
            setOpened(!opened);
          }}
        >
          <IconShare2 size={18} />
        </ToolButton>
      }
    >
      <SharePanel
        links={links.data}
        made={make.data}
        watchers={watchers}
        busy={make.isPending || revoke.isPending}
        problem={error === null ? null : asProblem(error)}
        make={make.mutate}
        revoke={({ link_id }) => {
          revoke.mutate(link_id);
        }}
      />
    </ToolPopover>
  );
}
