import { brief } from "../ui/brief";
import { CopyIcon } from "../ui/copy-button";
import { day, duration, moment, secondsBetween } from "../ui/time";
import classes from "./table-page.module.css";

/** An id with its copy button. */
export function IdCell({ id, what }: { id: string; what: string }) {
  return (
    <span className={classes.id}>
      {id}
      <CopyIcon value={id} what={`${what} ${id}`} />
    </span>
  );
}

/** A hash by its beginning; whole in its title and on the clipboard. */
export function HashCell({ hash, what }: { hash: string; what: string }) {
  return (
    <span className={classes.id} title={hash}>
      {brief(hash)}
      <CopyIcon value={hash} what={`${what} ${brief(hash)}`} />
    </span>
  );
}

/** An instant, or words for “there is none”. */
export function TimeCell({ at, none }: { at: string | null; none: string }) {
  return at === null ? <span className={classes.soft}>{none}</span> : <time dateTime={at}>{day(at)}</time>;
}

/** When something began; its year is in the title. */
export function MomentCell({ at }: { at: string }) {
  return (
    <time dateTime={at} title={day(at)}>
      {moment(at)}
    </time>
  );
}

/** How long something was there; words for “it still is”. */
export function SpanCell({ from, to, still }: { from: string; to: string | null; still: string }) {
  return to === null ? <span className={classes.soft}>{still}</span> : duration(secondsBetween(from, to));
}
