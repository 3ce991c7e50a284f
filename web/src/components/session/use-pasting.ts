import { useState } from "react";

import { asProblem } from "../../api/problem";
import type { Notice } from "../../api/types";
import { outcomeOf, type Outcome, type Sending } from "./pasting";

interface Pasting {
  outcome: Outcome;
  /** Resolves to whether the code got through to the tool. */
  send: (code: string) => Promise<boolean>;
}

/** Sends codes, one at a time; what the tool refuses afterwards is said of the last one. */
export function usePasting(refusal: Notice | null, paste: (code: string) => Promise<unknown>): Pasting {
  const [sending, setSending] = useState<Sending>({ kind: "idle" });
  const [answered, setAnswered] = useState<string | null>(null);
  const send = async (code: string): Promise<boolean> => {
    setAnswered(refusal?.at ?? null);
    setSending({ kind: "busy" });
    try {
      await paste(code);
    } catch (error) {
      setSending({ kind: "refused", problem: asProblem(error) });
      return false;
    }
    setSending({ kind: "sent" });
    return true;
  };
  return { outcome: outcomeOf(sending, refusal?.at === answered ? null : refusal), send };
}
