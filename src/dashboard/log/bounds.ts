/** What the output panel keeps. The raw streams hold everything; the panel is for reading. */

/** Rows of output on a page. A browser stays quick with this many elements, and nobody scrolls further. */
export const LOG_ROWS_MAX = 5000;

/** Characters of one row. A longer line goes on in the next row: nothing of it is lost. */
export const LOG_ROW_MAX_CHARS = 4000;

/** How far an escape sequence can move to the right of the text there is; each step is a blank to be stored. */
export const LOG_COLUMN_MAX = 500;

/** Longest parameters of a control sequence. Real ones have some 20 characters. */
export const LOG_PARAMETERS_MAX_CHARS = 64;
