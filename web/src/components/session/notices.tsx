import { IconAlertTriangle, IconInfoCircle, IconMessageQuestion } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Session } from "../../api/types";
import { rich, t } from "../../i18n";
import { clock } from "../../ui/time";
import { shownNotices, type Shown } from "./notice-kinds";
import classes from "./notices.module.css";

/** Things to know that are no failure: a page that cannot load, a question of the tool, its refusal. */
export function Notices({ session }: { session: Session }) {
  return (
    <div role="status" className={classes.notices}>
      {shownNotices(session).map((notice) => (
        <OneNotice key={`${notice.kind} ${notice.at}`} notice={notice} />
      ))}
    </div>
  );
}

function OneNotice({ notice }: { notice: Shown }) {
  switch (notice.kind) {
    case "question":
      return notice.answered ? <Answered {...notice} /> : <Question {...notice} />;
    case "refusal":
      return (
        <Line icon={<IconAlertTriangle size={18} aria-hidden="true" />} tone="bad" at={notice.at}>
          <span lang="en">{notice.text}</span>
        </Line>
      );
    case "note":
      return (
        <Line icon={<IconInfoCircle size={18} aria-hidden="true" />} tone="lamp" at={notice.at}>
          <span lang="en">{notice.text}</span>
        </Line>
      );
  }
}

interface LineProps {
  icon: ReactNode;
  tone: "bad" | "lamp";
  at: string;
  children: ReactNode;
}

function Line({ icon, tone, at, children }: LineProps) {
  return (
    <div className={classes.notice} data-tone={tone}>
      {icon}
      <p>
        {children} <time dateTime={at}>{clock(at)}</time>
      </p>
    </div>
  );
}

type Asked = Pick<Extract<Shown, { kind: "question" }>, "at" | "screen">;

function Question({ at, screen }: Asked) {
  return (
    <section className={classes.question} aria-label={t("session.toolAsks")}>
      <h3>
        <IconMessageQuestion size={20} aria-hidden="true" /> {t("session.toolAsks")}
      </h3>
      <p>
        {rich("session.answerIt", { clock: clock(at), time: (text) => <time dateTime={at}>{text}</time> })}
      </p>
      <Screen text={screen} />
    </section>
  );
}

function Answered({ at, screen }: Asked) {
  return (
    <details className={classes.answered}>
      <summary>
        {t("session.toolAsked")} <time dateTime={at}>{clock(at)}</time>
      </summary>
      <Screen text={screen} />
    </details>
  );
}

/** Keys scroll it: its lines are as wide as the tool's terminal. */
function Screen({ text }: { text: string }) {
  return (
    <pre className={classes.screen} tabIndex={0} aria-label={t("session.toolsScreen")}>
      {text}
    </pre>
  );
}
