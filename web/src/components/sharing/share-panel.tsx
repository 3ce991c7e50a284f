import { Button, Radio, Stack } from "@mantine/core";
import { useState } from "react";

import type { NewViewLink, Problem, ViewLink, ViewLinks } from "../../api/types";
import { rich, t } from "../../i18n";
import { CopyWide } from "../../ui/copy-button";
import { ProblemPanel } from "../../ui/problem-panel";
import { clock } from "../../ui/time";
import classes from "./share-panel.module.css";

const MINUTE_S = 60;
const CHOICES_S = [5 * MINUTE_S, 15 * MINUTE_S, 60 * MINUTE_S] as const;
const USUAL_S = 15 * MINUTE_S;

interface Props {
  /** Undefined until they are known. */
  links: ViewLinks | undefined;
  /** The one that was just made, with its address. */
  made: NewViewLink | undefined;
  watchers: number;
  busy: boolean;
  problem: Problem | null;
  make: (seconds: number) => void;
  revoke: (link: ViewLink) => void;
}

/** Makes a link that shows this desktop, says plainly what that shows, and takes links back. */
export function SharePanel({ links, made, watchers, busy, problem, make, revoke }: Props) {
  if (links?.longest_s === 0) return <p className={classes.text}>{t("watch.off")}</p>;
  const good = links?.links.filter(({ end }) => end === null) ?? [];
  return (
    <div className={classes.panel}>
      <h3>{t("watch.share")}</h3>
      <p className={classes.text}>{rich("watch.shows")}</p>
      <Maker longest={links?.longest_s ?? USUAL_S} busy={busy} make={make} />
      {made !== undefined && good.some(({ link_id }) => link_id === made.link_id) && <Made link={made} />}
      {problem !== null && <ProblemPanel title={t("watch.notDone")} problem={problem} />}
      {good.length > 0 && <Good links={good} watchers={watchers} busy={busy} revoke={revoke} />}
    </div>
  );
}

function Maker({ longest, busy, make }: { longest: number } & Pick<Props, "busy" | "make">) {
  const choices = choicesOf(longest);
  const [chosen, choose] = useState<number>(USUAL_S);
  const seconds = choices.includes(chosen) ? chosen : (choices.at(-1) ?? longest);
  return (
    <>
      <Radio.Group
        label={t("watch.goodFor")}
        value={String(seconds)}
        onChange={(value) => {
          choose(Number(value));
        }}
      >
        <Stack gap={6} mt={4}>
          {choices.map((choice) => (
            <Radio key={choice} size="sm" value={String(choice)} label={minutes(choice)} />
          ))}
        </Stack>
      </Radio.Group>
      <Button
        size="xs"
        loading={busy}
        onClick={() => {
          make(seconds);
        }}
      >
        {t("watch.make")}
      </Button>
    </>
  );
}

/** What the settings allow; where that is less than every choice, just that. */
function choicesOf(longest: number): number[] {
  const fitting = CHOICES_S.filter((choice) => choice <= longest);
  return fitting.length > 0 ? [...fitting] : [longest];
}

function minutes(seconds: number): string {
  const count = Math.max(1, Math.floor(seconds / MINUTE_S));
  return t("watch.minutes", { count });
}

function Made({ link }: { link: NewViewLink }) {
  return (
    <div className={classes.made}>
      <code className={classes.url} tabIndex={0}>
        {link.url}
      </code>
      <CopyWide value={link.url} what={t("watch.link")} />
      <p className={classes.small}>{t("watch.onlyNow")}</p>
    </div>
  );
}

type GoodProps = { links: readonly ViewLink[] } & Pick<Props, "watchers" | "busy" | "revoke">;

function Good({ links, watchers, busy, revoke }: GoodProps) {
  return (
    <section aria-label={t("watch.good")}>
      <p className={classes.small}>{t("watch.now", { count: watchers })}</p>
      <ul className={classes.links}>
        {links.map((link) => (
          <li key={link.link_id}>
            <span>
              {t("watch.until", { time: clock(link.expires_at) })}{" "}
              <span className={classes.small}>{t("watch.madeAt", { time: clock(link.created_at) })}</span>
            </span>
            <Button
              size="compact-xs"
              variant="default"
              disabled={busy}
              aria-label={t("watch.takeBackOf", { time: clock(link.created_at) })}
              onClick={() => {
                revoke(link);
              }}
            >
              {t("watch.takeBack")}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
