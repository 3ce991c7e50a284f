import { IconInfoCircle } from "@tabler/icons-react";

import type { Notice } from "../../api/types";
import { clock } from "../../ui/time";
import classes from "./notices.module.css";

/** Things to know that are no failure: a page that cannot load, a slow machine. */
export function Notices({ notices }: { notices: readonly Notice[] }) {
  return (
    <div role="status" className={classes.notices}>
      {notices.map((notice) => (
        <div key={`${notice.code} ${notice.at}`} className={classes.notice}>
          <IconInfoCircle size={18} aria-hidden="true" />
          <p>
            {notice.text} <time dateTime={notice.at}>{clock(notice.at)}</time>
          </p>
        </div>
      ))}
    </div>
  );
}
