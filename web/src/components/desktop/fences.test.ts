import { describe, expect, it } from "vitest";

import { AnswerFilter, fenceAnswer, fenceRequest, isFence } from "./fences";

const MARK = Uint8Array.from({ length: 16 }, (_, index) => 200 + index);
const ANSWER = fenceAnswer(MARK);
const BEFORE = [0, 1, 248, 0, 0, 7];
const AFTER = [248, 9, 9];

describe("a fence", () => {
  it("asks to be sent back, and is known by its type", () => {
    expect([...fenceRequest(MARK)]).toEqual([248, 0, 0, 0, 0x80, 0, 0, 0, 16, ...MARK]);
    expect([...ANSWER]).toEqual([248, 0, 0, 0, 0, 0, 0, 0, 16, ...MARK]);
    expect(isFence(ANSWER)).toBe(true);
    expect(isFence(Uint8Array.of(3, 248))).toBe(false);
  });
});

/** What the filter lets through of pieces, and after which one it saw the answer. */
function through(pieces: Uint8Array[]): { rest: number[]; answeredBy: number } {
  const filter = new AnswerFilter();
  filter.expect(ANSWER);
  const fed = pieces.map((piece) => filter.feed(piece));
  return { rest: fed.flatMap(({ rest }) => [...rest]), answeredBy: fed.findIndex((each) => each.answered) };
}

describe("the filter of answers", () => {
  const stream = Uint8Array.from([...BEFORE, ...ANSWER, ...AFTER]);

  it("takes the answer out of a stream, wherever that is cut, and nothing else", () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const { rest, answeredBy } = through([stream.subarray(0, cut), stream.subarray(cut)]);
      expect(rest, `cut at ${cut}`).toEqual([...BEFORE, ...AFTER]);
      expect(answeredBy, `cut at ${cut}`).toBe(cut >= BEFORE.length + ANSWER.length ? 0 : 1);
    }
  });

  it("puts it together from single bytes", () => {
    const { rest } = through(Array.from(stream, (byte) => Uint8Array.of(byte)));
    expect(rest).toEqual([...BEFORE, ...AFTER]);
  });

  it("lets the desktop's own fences and unasked answers through", () => {
    const other = fenceRequest(MARK);
    expect(through([other, other])).toEqual({ rest: [...other, ...other], answeredBy: -1 });
    expect(new AnswerFilter().feed(ANSWER)).toEqual({ rest: ANSWER, answered: false });
  });
});
