/** Callers of the simulated worker: when each comes, and what it is answered. */

import type { Life } from "./life.ts";
import { ANSWER_MAX_MS } from "./model.ts";
import type { World } from "./world.ts";

const TRIES = 4;

export class Callers {
  readonly #world: World;
  /** Those that are not done yet. */
  #busy = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get areDone(): boolean {
    return this.#busy === 0;
  }

  /** Somebody comes after so long, and nothing is over before that is done. */
  in(ms: number, what: () => Promise<void>): void {
    this.#busy += 1;
    this.#world.time.after(ms, () => {
      void what().finally(() => {
        this.#busy -= 1;
      });
    });
  }

  /** Somebody comes again and again. */
  each(everyMs: number, firstMs: number, what: () => Promise<void>): void {
    this.#world.time.after(firstMs, () => {
      void what();
      this.each(everyMs, everyMs, what);
    });
  }

  /** What a request answers; null where it fails, is lost with its life, or takes too long. */
  answer<T>(life: Life, work: () => Promise<T>, maxMs = ANSWER_MAX_MS): Promise<T | null> {
    return new Promise((resolve) => {
      const timer = this.#world.time.after(maxMs, () => {
        resolve(null);
        life.end("its caller has gone");
      });
      const end = (value: T | null) => {
        timer.cancel();
        resolve(value);
      };
      life.onEnd.push(() => end(null));
      if (this.#world.posts.isDown) return end(null);
      work().then(end, (error: unknown) => {
        this.#world.upset(life.name, error);
        end(null);
      });
    });
  }

  /** Asks for what may be asked for twice, some times. @param pause labels how long it is until the next time */
  async untilAnswered(what: string, pause: string, ask: (life: Life) => Promise<unknown>): Promise<void> {
    const world = this.#world;
    for (let tries = 0; tries < TRIES; tries++) {
      const { life } = world.request(what);
      const answer = await this.answer(life, async () => ({ told: await ask(life) }));
      if (answer) {
        world.trace.say(`${what}: done`);
        return;
      }
      await world.time.sleep(world.chance.between(pause, 500, 5000));
    }
  }
}
