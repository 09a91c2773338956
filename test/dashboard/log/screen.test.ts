/** What a program writes, as rows: a table of inputs and what is shown of them. */

import { describe, expect, test } from "vitest";
import { LOG_ROW_MAX_CHARS, LOG_ROWS_MAX } from "../../../src/dashboard/log/bounds.ts";
import { renderLog } from "../../../src/dashboard/log/render.ts";
import { rowsHtml } from "../../../src/dashboard/log/rows-html.ts";
import { type LogRow, LogScreen } from "../../../src/dashboard/log/screen.ts";
import { growth } from "../../support/growth.ts";
import { outputOf } from "../run-factory.ts";

const rowsOf = (...pieces: Parameters<typeof outputOf>): LogRow[] =>
  renderLog(outputOf(...pieces), true).rows;
const textOf = (row: LogRow): string => row.runs.map((run) => run.text).join("");
const stdoutText = (text: string): string[] => rowsOf(["stdout", text]).map(textOf);
const html = (text: string): string => rowsHtml(rowsOf(["stdout", text]));

describe("text and lines", () => {
  test.each<[promise: string, input: string, rows: string[]]>([
    ["a line is a row", "one\ntwo\n", ["one", "two"]],
    ["a last line needs no end", "one\ntwo", ["one", "two"]],
    ["empty lines stay", "one\n\n\ntwo\n", ["one", "", "", "two"]],
    ["CR LF ends a line once", "one\r\ntwo\r\n", ["one", "two"]],
    ["a progress bar overwrites itself", " 10%\r 55%\r100%\n", ["100%"]],
    ["what a shorter text does not reach stays", "abcdef\rxy\n", ["xycdef"]],
    ["backspace goes back one character", "abc\b\bX\n", ["aXc"]],
    ["backspace stops at the start", "\b\b\ba\n", ["a"]],
    ["erasing to the end", "loading...\r\x1b[Kdone\n", ["done"]],
    ["erasing the line", "loading...\x1b[2K\rdone\n", ["done"]],
    ["the column can be named", "status\x1b[10G[ok]\n", ["status   [ok]"]],
    ["the cursor moves within the line", "abc\x1b[2DX\x1b[1CY\n", ["aXcY"]],
    ["tabs stay what they are", "a\tb\n", ["a\tb"]],
    ["characters outside the BMP are one cell", "🦋\rX\n", ["X"]],
  ])("%s", (_, input, rows) => {
    expect(stdoutText(input)).toEqual(rows);
  });
});

describe("control sequences that a log has no use for leave no trace", () => {
  test.each<[what: string, input: string]>([
    ["window title, ended by BEL", "\x1b]0;pwned\x07"],
    ["window title, ended by ESC \\", "\x1b]2;pwned\x1b\\"],
    ["link (OSC 8)", "\x1b]8;;javascript:alert(1)\x07"],
    ["clipboard (OSC 52)", "\x1b]52;c;cm0gLXJmIC8=\x07"],
    ["sixel picture (DCS)", "\x1bPq#0;2;0;0;0~-\x1b\\"],
    ["APC and PM", "\x1b_kitty\x1b\\\x1b^private\x1b\\"],
    ["cursor jumps and screen clearing", "\x1b[2J\x1b[H\x1b[10;20H\x1b[5A\x1b[3B"],
    ["modes and alternate screen", "\x1b[?1049h\x1b[?25l\x1b[?2004h"],
    ["device queries", "\x1b[6n\x1b[c\x1b[>0q\x05"],
    ["character sets", "\x1b(B\x1b)0\x0e\x0f"],
    ["reset, save, restore", "\x1bc\x1b7\x1b8\x1b="],
    ["C0 controls", "\x00\x01\x02\x07\x0b\x0c\x1a\x7f"],
    ["eight-bit CSI", "\u009b31m"],
    ["eight-bit OSC and ST", "\u009d0;pwned\u009c"],
    ["other C1 controls", "\u0080\u0084\u008d\u0099"],
    ["parameters without end", `\x1b[${"1;".repeat(5000)}m`],
    ["an unknown final", "\x1b[12;34w"],
    ["a private SGR", "\x1b[>4;2m"],
  ])("%s", (_, sequence) => {
    expect(stdoutText(`a${sequence}b\n`)).toEqual(["ab"]);
  });

  test("a string that is never closed hides the rest of its line and no more", () => {
    expect(stdoutText("a\x1b]0;title without end\nb\n")).toEqual(["a", "b"]);
  });

  test("a raw byte 0x9b is no valid UTF-8 and starts nothing", () => {
    const rows = rowsOf(["stdout", new Uint8Array([0x61, 0x9b, 0x33, 0x31, 0x6d, 0x0a])]);
    expect(rows.map(textOf)).toEqual(["a\ufffd31m"]);
    expect(rows[0]?.runs).toHaveLength(1);
  });
});

describe("looks become classes, never styles", () => {
  test.each<[sgr: string, classes: string]>([
    ["31", "f1"],
    ["91", "f9"],
    ["44", "b4"],
    ["103", "b11"],
    ["1;4;31", "f1 bo un"],
    ["3;9;2", "fa it st"],
    ["38;5;208", "f208"],
    ["48;5;16", "b16"],
    ["38;5;300", ""],
    ["38;2;255;0;0", "f196"],
    ["38:2::0:0:255", "f21"],
    ["38:5:40", "f40"],
    ["48;2;8;8;8", "b232"],
    ["38;2;255;0;0;1", "f196 bo"],
    ["7", "fi bi"],
    ["31;7", "fi b1"],
    ["31;42;7", "f2 b1"],
    ["1;22", ""],
    ["4:3", "un"],
    ["4:0", ""],
    ["31;39", ""],
    ["31;0", ""],
    ["31;", ""],
    ["5;8", ""],
    ["999", ""],
  ])("ESC [ %s m", (sgr, classes) => {
    expect(rowsOf(["stdout", `\x1b[${sgr}mx\n`])[0]?.runs).toEqual([{ text: "x", classes }]);
  });

  test("a look goes on until it is changed, over lines", () => {
    expect(html("\x1b[31mred\nstill\x1b[m plain\n")).toBe(
      '<div class="row"><span class="f1">red</span></div><div class="row"><span class="f1">still</span> plain</div>',
    );
  });

  test("overwritten cells take the new look", () => {
    expect(rowsOf(["stdout", "abc\r\x1b[32mX\n"])[0]?.runs).toEqual([
      { text: "X", classes: "f2" },
      { text: "bc", classes: "" },
    ]);
  });
});

describe("everything in a row is text", () => {
  test.each([
    ["</pre><script>alert(1)</script>", "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;"],
    [`<img src=x onerror="alert('1')">`, "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;"],
    ["&lt;b&gt;", "&amp;lt;b&amp;gt;"],
    ["<scr\x1b[1m\x1b[0mipt>", "&lt;script&gt;"],
    ["<scr\x00ipt>", "&lt;script&gt;"],
  ])("%j", (input, escaped) => {
    expect(html(`${input}\n`)).toBe(`<div class="row">${escaped}</div>`);
  });

  test("no parameter of a sequence reaches a class", () => {
    expect(html('\x1b[31"onclick=mx\n')).not.toContain("onclick=m");
    expect(html("\x1b[38;5;1e1mx\n")).not.toMatch(/class="f1e1/);
  });
});

describe("two streams", () => {
  test("rows stand in the order in which their lines began, each with its stream", () => {
    const rows = rowsOf(["stdout", "one\n"], ["stderr", "oops\n"], ["stdout", "two\n"]);
    expect(rows.map((row) => [row.kind, textOf(row)])).toEqual([
      ["stdout", "one"],
      ["stderr", "oops"],
      ["stdout", "two"],
    ]);
  });

  test("a line left open goes on where it was", () => {
    const rows = rowsOf(["stdout", "building "], ["stderr", "warning\n"], ["stdout", "done\nnext\n"]);
    expect(rows.map(textOf)).toEqual(["building done", "warning", "next"]);
  });

  test("a sequence cut by the other stream is still one sequence, and looks do not mix", () => {
    const rows = rowsOf(["stdout", "\x1b[3"], ["stderr", "plain\n"], ["stdout", "1mred\n"]);
    expect(rows.map((row) => row.runs)).toEqual([
      [{ text: "plain", classes: "" }],
      [{ text: "red", classes: "f1" }],
    ]);
  });
});

describe("bytes", () => {
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

  test("a character cut between two pieces is whole", () => {
    const bytes = utf8("naïve 🦋 ok\n");
    for (let cut = 1; cut < bytes.length; cut++) {
      const rows = rowsOf(["stdout", bytes.slice(0, cut)], ["stdout", bytes.slice(cut)]);
      expect(rows.map(textOf), `cut at ${cut}`).toEqual(["naïve 🦋 ok"]);
    }
  });

  test("a cut character may go on in a piece that came as bytes, after one of the other stream", () => {
    const bytes = utf8("é\n");
    const rows = rowsOf(["stdout", bytes.slice(0, 1)], ["stderr", "x\n"], ["stdout", bytes.slice(1)]);
    expect(rows.map(textOf)).toEqual(["x", "é"]);
  });

  test("bytes that are no UTF-8 show as U+FFFD, also at the very end", () => {
    const rows = rowsOf(["stdout", new Uint8Array([0xff, 0x41, 0xc0, 0x0a, 0x42, 0xe2, 0x82])]);
    expect(rows.map(textOf)).toEqual(["\ufffdA\ufffd", "B\ufffd"]);
  });

  test("bytes that are missing between two pieces are counted, and the lines around them are not joined", () => {
    const [first, second] = outputOf(["stdout", "begin"], ["stdout", "end\n"]);
    if (!first || !second) throw new Error("two pieces");
    const { rows } = renderLog([first, { ...second, offset: 1005 }], true);
    expect(rows.map((row) => [row.kind, textOf(row)])).toEqual([
      ["stdout", "begin"],
      ["note", "1000 bytes of stdout are missing here"],
      ["stdout", "end"],
    ]);
  });

  test("what came before the first piece is said", () => {
    const [piece] = outputOf(["stderr", "tail\n"]);
    if (!piece) throw new Error("a piece");
    const { rows } = renderLog([{ ...piece, offset: 3 * 1024 * 1024 }], true);
    expect(rows.map(textOf)).toEqual(["3 MB of earlier stderr are not shown here", "tail"]);
  });

  test("a piece that comes twice is shown once", () => {
    const lines = outputOf(["stdout", "one\n"], ["stdout", "two\n"]);
    const { rows } = renderLog([...lines, ...lines], true);
    expect(rows.map(textOf)).toEqual(["one", "two"]);
  });

  test("a further attempt starts anew, under its number", () => {
    const lines = outputOf(["stdout", "\x1b[31mfirst"]);
    const again = outputOf(["stdout", "second\n"]).map((line) => ({ ...line, attempt: 2 }));
    const { rows } = renderLog([...lines, ...again], true);
    expect(rows.map((row) => row.runs)).toEqual([
      [{ text: "first", classes: "f1" }],
      [{ text: "Attempt 2", classes: "" }],
      [{ text: "second", classes: "" }],
    ]);
  });
});

describe("bounds", () => {
  test("a page keeps the newest rows and counts the others", () => {
    const { rows, dropped } = renderLog(outputOf(["stdout", "x\n".repeat(LOG_ROWS_MAX + 20_000)]), true);
    expect(rows).toHaveLength(LOG_ROWS_MAX);
    expect(dropped).toEqual({ rows: 20_000, areLines: true });
    expect(rows[0]?.id).toBe(20_000);
  });

  test("rows are not taken for lines where output before the first was never read", () => {
    const [line] = outputOf(["stdout", "x\n".repeat(LOG_ROWS_MAX + 10)]);
    if (!line) throw new Error("one piece");
    expect(renderLog([{ ...line, offset: 1_000_000 }], true).dropped?.areLines).toBe(false);
    // The other stream wrote all that came before.
    expect(renderLog([line], true, false).dropped?.areLines).toBe(false);
  });

  test("rows are not taken for lines where a line has several, also in what comes after the page", () => {
    const long = "x".repeat(LOG_ROW_MAX_CHARS + 1);
    const [first, second] = outputOf(["stdout", `${long}\n`], ["stdout", "y\n".repeat(LOG_ROWS_MAX + 10)]);
    if (!first || !second) throw new Error("two pieces");
    expect(renderLog([first, second], true).dropped?.areLines).toBe(false);
    const page = renderLog([first], false);
    const script = LogScreen.restore(JSON.parse(JSON.stringify(page.snapshot)));
    script.write(second);
    expect(script.rowsAreLines).toBe(false);
  });

  test("rows are not taken for lines where a line left open long ago goes on in another row", () => {
    const many = "x\n".repeat(LOG_ROWS_MAX + 10);
    const lines = outputOf(["stdout", "old "], ["stderr", many], ["stdout", "new\n"]);
    expect(renderLog(lines, true).dropped?.areLines).toBe(false);
  });

  test("a huge line goes on in further rows and loses nothing", () => {
    const line = "0123456789".repeat(2000);
    const rows = stdoutText(`${line}\nnext\n`);
    expect(rows).toHaveLength(Math.ceil(line.length / LOG_ROW_MAX_CHARS) + 1);
    expect(rows.slice(0, -1).join("")).toBe(line);
  });

  test("a jump far to the right is no way to fill memory", () => {
    expect(stdoutText("\x1b[999999999Gx\n")[0]?.length).toBeLessThan(600);
  });

  test("a line left open long ago goes on in a new row", () => {
    const many = "x\n".repeat(LOG_ROWS_MAX + 10);
    const { rows } = renderLog(outputOf(["stdout", "old "], ["stderr", many], ["stdout", "new\n"]), true);
    expect(textOf(rows.at(-1) as LogRow)).toBe("new");
  });

  test("the worst text takes time by its length and not by its square", () => {
    const worst = ["\x1b[31m\x1b[32mx\b", "\x1b[8000Gx\x1b[2K", "\x1b[1;31mx\r", "\n", "\x1b]", "\u009b"];
    for (const unit of worst) {
      const render = (length: number) => {
        const text = unit.repeat(Math.ceil(length / unit.length));
        rowsHtml(renderLog(outputOf(["stdout", text]), true).rows);
      };
      // 1 where it grows as its input does, 32 where it grows as the square of it.
      expect(growth(render, 8192, 32), JSON.stringify(unit)).toBeLessThan(10);
    }
  });
});

test("a page and its script, cut anywhere, show together what one of them would show alone", () => {
  const text =
    "plain \x1b[1;31mred\x1b[0m\rPL\n\x1b]0;title\x07🦋 é \x1b[38;2;1;2;3mtrue\x1b[m\tend\nprogress 1%\rprogress 2%\x1b[K\nlast";
  const bytes = new TextEncoder().encode(text);
  const alone = rowsHtml(renderLog(outputOf(["stderr", "first "], ["stdout", bytes]), true).rows);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const [first, one, two] = outputOf(
      ["stderr", "first "],
      ["stdout", bytes.slice(0, cut)],
      ["stdout", bytes.slice(cut)],
    );
    if (!first || !one || !two) throw new Error("three pieces");
    const page = renderLog([first, one], false);
    const script = LogScreen.restore(JSON.parse(JSON.stringify(page.snapshot)));
    const rows = new Map(page.rows.map((row) => [row.id, row]));
    for (const row of [...script.write(two), ...script.end()]) rows.set(row.id, row);
    expect(rowsHtml(rows.values()), `cut at ${cut}`).toBe(alone);
  }
});

describe("the output of steps", () => {
  const aStep = (
    number: number,
    stdout: [number, number | null],
    stderr: [number, number | null] = [0, 0],
  ) => ({
    attempt: 1,
    number,
    name: `step <${number}>`,
    stdout: { from: stdout[0], to: stdout[1] },
    stderr: { from: stderr[0], to: stderr[1] },
  });
  const shown = ({ rows }: { rows: LogRow[] }) =>
    rows.map((row) => (row.kind === "step" ? `# ${textOf(row)}` : textOf(row)));
  const steps = [aStep(1, [0, 8], [0, 2]), aStep(2, [8, 8], [2, 2]), aStep(3, [8, 12], [2, 4])];

  test("stands under the names of those that wrote it, also where one piece is of several", () => {
    const lines = outputOf(["stdout", "one\n"], ["stdout", "two\nfour"], ["stderr", "a\nb\n"]);
    expect(shown(renderLog(lines, true, true, steps))).toEqual([
      ...["# step <1>", "one", "two", "# step <3>", "four"],
      ...["# step <1>, continued", "a", "# step <3>", "b"],
    ]);
  });

  test("begins on a line of its own and in plain letters, whatever the step before left open", () => {
    const red = aStep(1, [0, 8]);
    const html = rowsHtml(
      renderLog(outputOf(["stdout", "\u001b[31mredplain\n"]), true, true, [red, aStep(2, [8, null])]).rows,
    );
    expect(html).toContain(
      '<span class="f1">red</span></div><div class="row step" role="heading" aria-level="3">step &lt;2&gt;</div>',
    );
    expect(html).toContain('<div class="row">plain</div>');
  });

  test("cuts no character but where a step does", () => {
    const lines = outputOf(["stdout", "€uro €"]);
    const [begin, end] = [aStep(1, [0, 6]), aStep(2, [6, 11])];
    expect(shown(renderLog(lines, true, true, [begin, end]))).toEqual([
      "# step <1>",
      "€uro",
      "# step <2>",
      " €",
    ]);
    expect(shown(renderLog(lines, true, true, [aStep(1, [0, 1]), aStep(2, [1, null])]))).toEqual([
      ...["# step <1>", "\ufffd", "# step <2>", "\ufffd\ufffduro €"],
    ]);
  });

  test("has its headings also where the page goes on live, and under another attempt anew", () => {
    const [first, second] = outputOf(["stdout", "one\n"], ["stdout", "two\nfour\n"]);
    if (!first || !second) throw new Error("there are two pieces");
    const page = renderLog([first], false, true, [aStep(1, [0, null])]);
    const screen = LogScreen.restore(JSON.parse(JSON.stringify(page.snapshot)));
    for (const step of [aStep(1, [0, 8]), aStep(2, [8, 8]), aStep(3, [8, null])]) screen.know(step);
    screen.know({ ...aStep(1, [0, null]), attempt: 2 });
    const rows = [...page.rows, ...screen.write(second), ...screen.write(second)];
    rows.push(...screen.write({ ...first, attempt: 2 }));
    expect(shown({ rows })).toEqual([
      ...["# step <1>", "one", "two", "# step <3>", "four", "Attempt 2", "# step <1>", "one"],
    ]);
  });

  test("of which the beginning is not on the page has the name of the step that it is of", () => {
    const [line] = outputOf(["stdout", "ur\n"]);
    if (!line) throw new Error("there is a line");
    expect(shown(renderLog([{ ...line, offset: 9 }], true, false, steps))).toEqual([
      ...["# step <3>", "9 bytes of earlier stdout are not shown here", "ur"],
    ]);
  });
});
