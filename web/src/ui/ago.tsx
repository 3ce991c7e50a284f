import { ago, day, secondsBetween } from "./time";
import { useNow } from "./use-now";

const EVERY_MS = 10_000;

/** How long ago something was, kept up to date; the instant is in its title. */
export function Ago({ at }: { at: string }) {
  const nowMs = useNow(EVERY_MS);
  return (
    <time dateTime={at} title={day(at)}>
      {ago(secondsBetween(at, new Date(nowMs).toISOString()))}
    </time>
  );
}
