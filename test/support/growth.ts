/**
 * How much longer a work takes for one large input than for as much in small ones: about 1 where its time grows as its input does,
 * and as many times as the large one is larger where it grows as the square of it. The same computer under the same load measures
 * both, and of each the shortest of some turns counts, so that what else goes on does not.
 */

const TURNS = 3;

export function growth(work: (size: number) => void, smallSize: number, times: number): number {
  const least = { small: Infinity, large: Infinity };
  for (let turn = 0; turn < TURNS; turn++) {
    least.small = Math.min(
      least.small,
      timeOf(() => {
        for (let time = 0; time < times; time++) work(smallSize);
      }),
    );
    least.large = Math.min(
      least.large,
      timeOf(() => work(smallSize * times)),
    );
  }
  return least.large / least.small;
}

function timeOf(work: () => void): number {
  const beganAt = performance.now();
  work();
  return performance.now() - beganAt;
}
