/** The timeline of a fake session: as far as its stages say, with times that a container takes. */

const STEPS = [
  ["queue", 0.01],
  ["golden", 0.04],
  ["start", 0.83],
  ["confirm", 0.36],
  ["login", 2.4],
  ["person", 41],
  ["claim", 0.02],
  ["seal", 0.03],
  ["destroy", 1.1],
];
/** State → how many of the steps have begun by then. */
const BEGUN = { started: 3, vm_created: 4, ready: 5, awaiting_user_auth: 6, authenticating: 8, completed: 9 };

export function timelineOf(session) {
  const reached = session.stages.findLast(({ status }) => status in BEGUN)?.status ?? "started";
  const ended = session.completed_at !== null;
  let at = new Date(session.created_at).getTime();
  const steps = STEPS.slice(0, BEGUN[reached]).map(([name, seconds], index) => {
    const last = index === BEGUN[reached] - 1 && reached !== "completed";
    return step(index + 1, name, (at += index && STEPS[index - 1][1] * 1000), seconds, last, ended, session);
  });
  if (ended && reached !== "completed" && session.vm_id !== null)
    steps.push(step(steps.length + 1, "destroy", at + 900, 1.1, false, ended, session));
  return { steps };
}

function step(number, name, startedAt, seconds, last, ended, { failure, status }) {
  const outcome = !last ? "done" : !ended ? null : status === "cancelled" ? "cancelled" : "failed";
  return {
    number,
    name,
    started_at: new Date(startedAt).toISOString(),
    ended_at: outcome === null ? null : new Date(startedAt + seconds * 1000).toISOString(),
    duration_s: outcome === null ? null : seconds,
    outcome,
    error_code: outcome === "failed" ? (failure?.code ?? "login_timeout") : null,
  };
}
