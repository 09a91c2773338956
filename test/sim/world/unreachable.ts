/** How calls fail that the simulated world lets fail. Any other error is the code's own. */
export class Unreachable extends Error {}
