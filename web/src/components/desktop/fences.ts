/**
 * Fences of RFB (the community's protocol description, “ClientFence” and “ServerFence”): what one side sends,
 * the other sends back in turn.  They are how the way to the desktop and back is timed, and seen to be alive.
 *
 * noVNC answers the desktop's fences and takes an answer to one that it never sent for an error; so the
 * answers to ours are taken out of the stream before it sees them.
 */

const FENCE = 248;
const HEAD_BYTES = 9;
const REQUEST = 0x80000000;
export const MARK_BYTES = 16;

/** Whether a message of the viewer is an answer to a fence, which tells that the desktop knows fences. */
export function isFence(message: Uint8Array): boolean {
  return message[0] === FENCE;
}

/** A fence that asks to be sent back; nothing else on the desktop may look like its mark. */
export function fenceRequest(mark: Uint8Array): Uint8Array {
  return fence(REQUEST, mark);
}

/** The desktop's answer to `fenceRequest(mark)`. */
export function fenceAnswer(mark: Uint8Array): Uint8Array {
  return fence(0, mark);
}

function fence(flags: number, mark: Uint8Array): Uint8Array {
  const message = new Uint8Array(HEAD_BYTES + mark.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, FENCE);
  view.setUint32(4, flags);
  view.setUint8(8, mark.length);
  message.set(mark, HEAD_BYTES);
  return message;
}

/** Takes the one awaited answer out of a stream that arrives in pieces cut anywhere. */
export class AnswerFilter {
  private awaited: Uint8Array | null = null;
  /** The end of what arrived, as long as it may be the answer's beginning. */
  private held = new Uint8Array(0);

  expect(answer: Uint8Array): void {
    this.awaited = answer;
  }

  /** What to hand on of a piece, and whether the answer was in it. */
  feed(piece: Uint8Array): { rest: Uint8Array; answered: boolean } {
    if (this.awaited === null) return { rest: piece, answered: false };
    const data = joined(this.held, piece);
    const at = positionIn(data, this.awaited);
    const end = at + this.awaited.length;
    this.held = data.slice(at, end);
    const answered = this.held.length === this.awaited.length;
    if (!answered) return { rest: data.subarray(0, at), answered };
    this.awaited = null;
    this.held = new Uint8Array(0);
    return { rest: joined(data.subarray(0, at), data.subarray(end)), answered };
  }
}

/** Where `wanted` begins, be it that only its beginning is there yet; the data's length when nowhere. */
function positionIn(data: Uint8Array, wanted: Uint8Array): number {
  for (let at = data.indexOf(FENCE); at >= 0; at = data.indexOf(FENCE, at + 1)) {
    const there = data.subarray(at, at + wanted.length);
    if (there.every((byte, index) => byte === wanted[index])) return at;
  }
  return data.length;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
