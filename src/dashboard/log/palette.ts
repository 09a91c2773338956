/** The 256 colours of a terminal: 16 that the stylesheet names, a cube of 6 × 6 × 6, and 24 greys (xterm). */

const CUBE_START = 16;
const GREY_START = 232;
const CUBE_LEVELS = [0, 95, 135, 175, 215, 255] as const;

type Rgb = [red: number, green: number, blue: number];

/** The colour of a number from 16 to 255; the first 16 belong to the stylesheet. */
export function paletteRgb(index: number): Rgb {
  if (index >= GREY_START) {
    const level = 8 + (index - GREY_START) * 10;
    return [level, level, level];
  }
  const inCube = index - CUBE_START;
  const level = (step: number): number => CUBE_LEVELS[step % 6] ?? 0;
  return [level(Math.floor(inCube / 36)), level(Math.floor(inCube / 6)), level(inCube)];
}

/** The number of the palette's colour that is nearest to a 24-bit one. The page's policy allows no inline colours. */
export function nearestInPalette(red: number, green: number, blue: number): number {
  const [r, g, b] = [nearestLevel(red), nearestLevel(green), nearestLevel(blue)];
  const cube = CUBE_START + 36 * r + 6 * g + b;
  const mean = (red + green + blue) / 3;
  const grey = GREY_START + Math.min(23, Math.max(0, Math.round((mean - 8) / 10)));
  return distance(paletteRgb(grey), red, green, blue) < distance(paletteRgb(cube), red, green, blue)
    ? grey
    : cube;
}

/** Style rules for the colours 16 to 255, as text (`.f200`) and as background (`.b200`). */
export function paletteCss(): string {
  let css = "";
  for (let index = CUBE_START; index < 256; index++) {
    const hex = paletteRgb(index)
      .map((level) => level.toString(16).padStart(2, "0"))
      .join("");
    css += `.f${index}{color:#${hex}}.b${index}{background:#${hex}}\n`;
  }
  return css;
}

function nearestLevel(value: number): number {
  let best = 0;
  CUBE_LEVELS.forEach((level, step) => {
    if (Math.abs(level - value) < Math.abs((CUBE_LEVELS[best] ?? 0) - value)) best = step;
  });
  return best;
}

function distance([r, g, b]: Rgb, red: number, green: number, blue: number): number {
  return (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
}
