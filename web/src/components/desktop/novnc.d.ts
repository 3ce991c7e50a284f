/** The part of noVNC 1.7 (docs/API.md) that the viewer uses. */
declare module "@novnc/novnc" {
  interface RfbEvents {
    connect: CustomEvent<Record<string, never>>;
    disconnect: CustomEvent<{ clean: boolean }>;
    clipboard: CustomEvent<{ text: string }>;
  }

  export default class RFB {
    constructor(target: HTMLElement, channel: WebSocket, options: { shared?: boolean });
    background: string;
    focusOnClick: boolean;
    scaleViewport: boolean;
    qualityLevel: number;
    addEventListener<Name extends keyof RfbEvents>(
      name: Name,
      listener: (event: RfbEvents[Name]) => void,
    ): void;
    blur(): void;
    disconnect(): void;
    focus(options?: FocusOptions): void;
    sendKey(keysym: number, code: string | null, down?: boolean): void;
  }
}
