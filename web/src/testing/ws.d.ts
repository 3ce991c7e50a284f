/** The part of ws (README.md) that tests use as a server. */
declare module "ws" {
  import type { EventEmitter } from "node:events";

  export interface WebSocket extends EventEmitter {
    send(data: Uint8Array | string): void;
    close(code: number, reason: string): void;
    terminate(): void;
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: { host: string; port: number });
    readonly clients: Set<WebSocket>;
    address(): { port: number } | string | null;
    close(): void;
  }
}
