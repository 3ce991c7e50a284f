/** Something that is done after a question. */
export interface ConfirmedAction<Input> {
  /** Resolves when it is done; rejects with what `error` says then. */
  act: (input: Input) => Promise<unknown>;
  busy: boolean;
  error: unknown;
  /** Forgets the last error. */
  reset: () => void;
}
