/** A desktop that knows fences, behind a relay that can be cut, frozen and slowed: a server on 127.0.0.1. */

import { once } from "node:events";
import { WebSocketServer, type WebSocket } from "ws";

import { fenceAnswer, fenceRequest, isFence, MARK_BYTES } from "../components/desktop/fences";

/** What the desktop shows first; no fence. */
export const GREETING = [0, 0, 0, 1];
const HEAD_BYTES = 9;

export class Relay {
  /** How many of the viewer's fences came. */
  asked = 0;
  /** Nothing of the desktop's gets through, until somebody connects anew. */
  frozen = false;
  private viewers: WebSocket[] = [];

  private constructor(private readonly server: WebSocketServer) {
    server.on("connection", (viewer: WebSocket) => {
      this.frozen = false;
      this.viewers.push(viewer);
      viewer.send(Uint8Array.from(GREETING));
      viewer.send(fenceRequest(Uint8Array.of(1)));
      viewer.on("message", (message: Uint8Array) => {
        this.hear(viewer, message);
      });
    });
  }

  static async open(): Promise<Relay> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    return new Relay(server);
  }

  get url(): string {
    const address = this.server.address();
    if (typeof address !== "object" || address === null) throw new Error("The relay does not listen.");
    return `ws://127.0.0.1:${address.port}`;
  }

  /** The newest connection. */
  get viewer(): WebSocket {
    const viewer = this.viewers.at(-1);
    if (viewer === undefined) throw new Error("Nobody looks on.");
    return viewer;
  }

  close(): void {
    for (const viewer of this.server.clients) viewer.terminate();
    this.server.close();
  }

  /** An answer to the desktop's own fence has another mark. */
  private hear(viewer: WebSocket, message: Uint8Array): void {
    if (!isFence(message) || message.length !== HEAD_BYTES + MARK_BYTES) return;
    this.asked += 1;
    if (!this.frozen) viewer.send(fenceAnswer(message.subarray(HEAD_BYTES)));
  }
}
