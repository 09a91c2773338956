/** One watcher's news: the newest stands for all before it, and it ends where its driver goes away. */

import type { News } from "../../../src/flow/ports.ts";

export class NewsFeed {
  #latest: News | null = null;
  #closed = false;
  #wakeUp = () => {};

  tell(news: News): void {
    this.#latest = news;
    this.#wakeUp();
  }

  close(): void {
    this.#closed = true;
    this.#wakeUp();
  }

  async *read(): AsyncGenerator<News> {
    while (true) {
      if (this.#latest !== null) {
        const news: News = this.#latest;
        this.#latest = null;
        yield news;
      } else if (this.#closed) return;
      else
        await new Promise<void>((resolve) => {
          this.#wakeUp = resolve;
        });
    }
  }
}
