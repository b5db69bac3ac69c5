/** @file Tables of text for people. */

/** Which side the cells of a column stand on. */
export type Alignment = 'left' | 'right'

/** Rows as aligned columns, two spaces apart, the first row as heading; long cells are not cut. */
export function formatTable(rows: readonly (readonly string[])[], alignments: readonly Alignment[] = []): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), [])
  return rows
    .map((row) =>
      row
        .map((cell, i) => (alignments[i] === 'right' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** A whole number with thin groups of three: 41,524,768. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
