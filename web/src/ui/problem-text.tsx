/** What failed or why, and what to do about it. */
export interface ToldProblem {
  cause: string;
  remedy: string;
  /** In the page's words and language; otherwise the controller's, which are English. */
  own?: boolean;
}

/** The language of a problem's words; undefined: the page's own. */
export const languageOf = ({ own }: Pick<ToldProblem, "own">): "en" | undefined =>
  own === true ? undefined : "en";

/** A problem in a line, where there is no room for a panel. */
export function ProblemText({ problem }: { problem: ToldProblem }) {
  return (
    <span lang={languageOf(problem)}>
      {problem.cause} {problem.remedy}
    </span>
  );
}
