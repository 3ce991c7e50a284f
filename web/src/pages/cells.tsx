import { CopyIcon } from "../ui/copy-button";
import { day } from "../ui/time";
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

/** An instant, or words for “there is none”. */
export function TimeCell({ at, none }: { at: string | null; none: string }) {
  return at === null ? <span className={classes.soft}>{none}</span> : <time dateTime={at}>{day(at)}</time>;
}
