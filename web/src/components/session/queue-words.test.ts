import { describe, expect, it } from "vitest";

import { sessionIn } from "../../testing/sessions";
import { queueWords } from "./queue-words";

const REASON = "16 machines run, the most that max_machines allows.";

describe("the words of a place in the queue", () => {
  it.each([
    [1, "1st"],
    [2, "2nd"],
    [3, "3rd"],
    [11, "11th"],
    [22, "22nd"],
  ])("say %i as %s, with the reason", (place, said) => {
    const session = sessionIn("started", { queue_place: place, queue_reason: REASON });
    expect(queueWords(session)).toEqual({ place: `You are ${said} in the queue`, reason: REASON });
  });

  it("are none for a sign-in that does not wait", () => {
    expect(queueWords(sessionIn("started"))).toBeNull();
  });
});
