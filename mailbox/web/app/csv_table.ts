/**
 * A table as spreadsheets open it: semicolons, UTF-8 with its mark, lines of RFC 4180.
 *
 * The same as the command line writes (`souspli_cli/csv_table.py`): a French Excel takes
 * commas for decimals and opens only this with a double click.
 */

const MARK = '\ufeff'

// What a cell that a spreadsheet calculates begins with (OWASP, CSV injection); the
// full-width forms too, which some take for the plain ones.
const FORMULA = /^[ \u00a0]*[=+\-@\t\r\n＝＋－＠]/

/** Return the table; no cell of it is a formula. */
export function csvTable(rows: readonly (readonly string[])[]): string {
  return MARK + rows.map((row) => `${row.map(cell).join(';')}\r\n`).join('')
}

function cell(text: string): string {
  const shown = FORMULA.test(text) ? `'${text}` : text
  return /[";\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown
}
