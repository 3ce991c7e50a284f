/** Does a few things at a time; the others wait for their turn, first come, first served. */
export class Lanes {
  private readonly waiting: (() => void)[] = [];

  /** @param free How many at a time. */
  constructor(private free: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.turn();
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }

  private async turn(): Promise<void> {
    if (this.free === 0)
      return new Promise((resolve) => {
        this.waiting.push(resolve);
      });
    this.free -= 1;
  }
}
