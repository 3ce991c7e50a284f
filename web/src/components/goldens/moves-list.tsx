import type { GoldenMove } from "../../api/types";
import { t } from "../../i18n";
import { Pill } from "../../ui/pill";
import { day } from "../../ui/time";
import { GOLDEN_STATUS } from "./golden-words";
import { MoveReason } from "./move-reason";
import classes from "./moves-list.module.css";

/** A golden's states, the newest first, each with its time and reason. */
export function MovesList({ moves }: { moves: readonly GoldenMove[] }) {
  if (moves.length === 0) return <p className={classes.none}>{t("goldens.nothingElse")}</p>;
  return (
    <ol className={classes.moves}>
      {moves.toReversed().map((move) => (
        <li key={`${move.at} ${move.to}`} className={classes.move}>
          <Pill tone={GOLDEN_STATUS[move.to].tone}>{t(GOLDEN_STATUS[move.to].text)}</Pill>
          <span className={classes.why}>
            <MoveReason to={move.to} why={move.why} />
          </span>
          <time dateTime={move.at}>{day(move.at)}</time>
        </li>
      ))}
    </ol>
  );
}
