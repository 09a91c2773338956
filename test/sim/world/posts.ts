/**
 * The drivers' places, as Durable Objects are: one per run, with an alarm that outlives whoever drives. A driver that was
 * lost is made anew by the next call; one whose code was replaced goes on for a while beside the new one, without storage.
 */

import { Driver, type DriverHost } from "../../../src/flow/driver.ts";
import type { AdvancePorts } from "../../../src/flow/flow.ts";
import type { Drivers, News } from "../../../src/flow/ports.ts";
import type { Chance } from "../chance.ts";
import type { Scheduler, Timer } from "../scheduler.ts";
import type { Trace } from "../trace.ts";
import { Life } from "./life.ts";
import { DEPLOY_OVERLAP_MAX_MS } from "./model.ts";
import { NewsFeed } from "./news.ts";
import { Unreachable } from "./unreachable.ts";

/** Cloudflare calls an alarm again, after two seconds at first, whose call threw or was lost. */
const ALARM_AGAIN_MS = 2000;

export interface PostsWorld {
  chance: Chance;
  time: Scheduler;
  trace: Trace;
  /** The worker's clock, which jumps. */
  clock: { now(): number };
  flowPorts(runId: string, life: Life): AdvancePorts;
  /** Takes note of an error that somebody met. */
  upset(who: string, error: unknown): void;
}

interface Post {
  runId: string;
  alarm: Timer | null;
  held: { life: Life; driver: Driver; feeds: Set<NewsFeed> } | null;
  /** The last driver whose code was replaced. */
  replaced: Life | null;
}

export class Posts {
  readonly #world: PostsWorld;
  readonly #posts = new Map<string, Post>();
  #born = 0;
  #downUntil = 0;

  constructor(world: PostsWorld) {
    this.#world = world;
  }

  /** Ends every driver; nobody drives for so long. */
  goDown(forMs: number): void {
    const { time, trace } = this.#world;
    trace.say(`everything is down for ${forMs} ms`);
    this.#downUntil = time.now() + forMs;
    for (const { held } of this.#posts.values()) held?.life.end("everything is down");
  }

  get isDown(): boolean {
    return this.downForMs > 0;
  }

  /** Until somebody drives again. */
  get downForMs(): number {
    return Math.max(0, this.#downUntil - this.#world.time.now());
  }

  /** New code takes over; drivers with the old go on for a while. */
  deploy(): void {
    const { chance, time, trace } = this.#world;
    trace.say("new code is deployed");
    for (const post of this.#posts.values()) {
      const { held } = post;
      if (held === null) continue;
      post.held = null;
      post.replaced = held.life;
      time.after(chance.between("old code lasts", 0, DEPLOY_OVERLAP_MAX_MS), () =>
        held.life.end("its code was replaced"),
      );
    }
  }

  /** The drivers as others reach them: over calls that can be lost. */
  drivers(): Drivers {
    return {
      start: (state) => this.#tell("start", state.run.id, (driver) => driver.start(structuredClone(state))),
      nudge: (runId) => this.#tell("nudge", runId, (driver) => driver.nudge()),
      wake: (runId) => this.#tell("wake", runId, (driver) => driver.wake()),
      untilFinal: async (runId, timeoutMs) => {
        const { life, driver } = await this.#reached("untilFinal", runId);
        return new Promise((resolve, reject) => {
          life.onEnd.push(() => reject(new Unreachable("the driver went away")));
          driver.untilFinal(timeoutMs).then(resolve, reject);
        });
      },
      watch: async (runId, signal) => {
        const { life, driver, feeds } = await this.#reached("watch", runId);
        const feed = new NewsFeed();
        const close = () => {
          feeds.delete(feed);
          feed.close();
        };
        life.onEnd.push(close);
        signal.addEventListener("abort", close);
        feeds.add(feed);
        feed.tell(driver.news());
        driver.ensureDriving();
        return feed.read();
      },
    };
  }

  async #tell(call: string, runId: string, then: (driver: Driver) => void): Promise<void> {
    then((await this.#reached(call, runId)).driver);
    if (this.#world.chance.fault(`lost answer of ${call}`, 0.05))
      throw new Unreachable("no answer from the driver");
  }

  async #reached(call: string, runId: string): Promise<NonNullable<Post["held"]>> {
    const { chance, time } = this.#world;
    await time.sleep(chance.between("driver is reached in", 1, 20));
    if (this.isDown || chance.fault(`lost ${call}`, call === "nudge" ? 0.5 : 0.12))
      throw new Unreachable("the driver is not reachable");
    return this.#held(this.#postOf(runId));
  }

  #postOf(runId: string): Post {
    const post = this.#posts.get(runId) ?? { runId, alarm: null, held: null, replaced: null };
    this.#posts.set(runId, post);
    return post;
  }

  #held(post: Post): NonNullable<Post["held"]> {
    if (post.held?.life.alive) return post.held;
    const { chance, trace } = this.#world;
    const life = new Life(`driver ${++this.#born}`, chance, trace);
    const feeds = new Set<NewsFeed>();
    trace.say(`${life.name} of run ${post.runId} begins`);
    const before = post.replaced;
    if (before?.alive) this.#goesOnBeside(before, life, post.runId);
    post.held = { life, driver: new Driver(this.#host(post, life, feeds)), feeds };
    return post.held;
  }

  /** Tells of what a driver did once another, of newer code, had begun. */
  #goesOnBeside(old: Life, life: Life, runId: string): void {
    const { trace } = this.#world;
    const { calls } = old;
    trace.say(`${life.name} of run ${runId} has ${old.name} beside it`);
    old.onEnd.push(() => trace.say(`${old.name} has made ${old.calls - calls} calls beside ${life.name}`));
  }

  #host(post: Post, life: Life, feeds: Set<NewsFeed>): DriverHost {
    const { time, trace, clock } = this.#world;
    const dismiss = () => {
      for (const feed of [...feeds]) feed.close();
      feeds.clear();
    };
    /** Storage is for the newest code alone. */
    const stored = async (what: () => void) => {
      if (post.held?.life !== life) throw new Unreachable("storage: the code was replaced");
      what();
    };
    return {
      clock,
      runId: post.runId,
      flowPorts: () => this.#world.flowPorts(post.runId, life),
      after: (ms, callBack) => {
        const timer = time.after(ms, () => {
          if (life.alive) callBack();
        });
        return () => timer.cancel();
      },
      setAlarm: (inMs) => life.call("setAlarm", () => stored(() => this.#setAlarm(post, inMs))),
      forgetAll: () => life.call("deleteAll", () => stored(() => post.alarm?.cancel())),
      watchers: () => feeds.size,
      announce: (news: News) => {
        for (const feed of feeds) feed.tell(news);
      },
      dismissWatchers: dismiss,
      abort: (why) => life.end(why),
      logError: (error) => {
        trace.say(`${life.name} logs: ${error instanceof Error ? error.message : error}`);
        this.#world.upset(life.name, error);
      },
    };
  }

  #setAlarm(post: Post, inMs: number): void {
    post.alarm?.cancel();
    post.alarm = this.#world.time.after(inMs, () => this.#alarm(post));
  }

  #alarm(post: Post): void {
    const again = () => this.#setAlarm(post, ALARM_AGAIN_MS);
    if (this.isDown) {
      again();
      return;
    }
    const { life, driver } = this.#held(post);
    let over = false;
    life.onEnd.push(() => {
      if (!over) again();
    });
    driver.alarm().then(
      () => {
        over = true;
      },
      () => {
        over = true;
        again();
      },
    );
  }
}
