import { isFinal, type Notice, type Session } from "./types";

/**
 * The later of two readings of one session, with what only the other one knows.
 *
 * Answers and events overtake each other.  Final states never change, and a session's history only grows:
 * its stages, its notices (of each code the last), the tool's code and its question for one.
 */
export function newestSession(known: Session | undefined, read: Session): Session {
  if (known?.session_id !== read.session_id) return read;
  if (isFinal(known.status)) return known;
  return read.stages.length < known.stages.length ? grown(known, read) : grown(read, known);
}

function grown(later: Session, other: Session): Session {
  return {
    ...later,
    notices: lastOfEachCode([...other.notices, ...later.notices]),
    user_code: later.user_code ?? other.user_code,
    code_asked: later.code_asked || other.code_asked,
  };
}

/** Oldest first, as the API lists them. */
function lastOfEachCode(notices: readonly Notice[]): Notice[] {
  const inOrder = [...notices].sort((a, b) => moment(a) - moment(b));
  const last = new Map(inOrder.map((notice) => [notice.code, notice]));
  return inOrder.filter((notice) => last.get(notice.code) === notice);
}

const moment = ({ at }: Notice): number => new Date(at).getTime();
