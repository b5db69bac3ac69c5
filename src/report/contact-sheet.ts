/** @file Pictures in rows on one sheet, each with a line of text, under a heading and a legend of colours. */
import { blankCanvas, type Canvas, type Color, fillRect, StrokeFont } from '../draw/index.js'

/** One picture of a sheet. */
export interface SheetTile {
  /** At most as large as the sheet's tiles; absent for a photo that cannot be read. */
  readonly picture?: Canvas
  /** Cut where it is too long. */
  readonly name: string
  /** Follows the name and is never cut. */
  readonly tail?: string
}

/** What a colour on the pictures means. */
export interface LegendEntry {
  readonly color: Color
  readonly text: string
}

/** What is put on a sheet. */
export interface Sheet {
  readonly heading: string
  readonly legend: readonly LegendEntry[]
  readonly tiles: readonly SheetTile[]
  /** As many as make the sheet about square unless said. */
  readonly columns?: number
  /** Room of each picture, pixels; `TILE` unless said. */
  readonly tile?: { readonly width: number; readonly height: number }
}

/** The usual room of a photo, pixels. */
export const TILE: { readonly width: number; readonly height: number } = { width: 480, height: 360 }

const GAP = 10
const CAPTION = 26
const LEGEND_ROW = 26
const MOST_COLUMNS = 20
const MOST_LEGEND_WIDTH = 300
const PAPER: Color = [250, 250, 248]
const EMPTY: Color = [225, 225, 222]
const INK: Color = [30, 32, 36]
const FAULT: Color = [170, 30, 30]

/** Draws a sheet. */
export function contactSheet({ heading, legend, tiles, columns: wanted, tile = TILE }: Sheet): Canvas {
  const columns = Math.max(1, wanted ?? Math.min(MOST_COLUMNS, Math.ceil(Math.sqrt((tiles.length * 3) / 4))))
  const rows = Math.ceil(tiles.length / columns)
  const large = new StrokeFont(18)
  const small = new StrokeFont(15)
  const width = columns * (tile.width + GAP) + GAP
  const { entries, rows: legendRows } = placeLegend(legend, small, width - 2 * GAP)
  const top = GAP + CAPTION + legendRows * LEGEND_ROW
  const sheet = blankCanvas(width, top + rows * (tile.height + CAPTION + GAP) + GAP, PAPER)
  large.draw(sheet, large.fit(heading, width - 2 * GAP), GAP, GAP + 18, INK)
  for (const { x, row, color, text } of entries) {
    const y = GAP + CAPTION + row * LEGEND_ROW
    fillRect(sheet, { xmin: GAP + x, ymin: y + 4, xmax: GAP + x + 14, ymax: y + 18 }, color)
    small.draw(sheet, text, GAP + x + 20, y + 16, INK)
  }
  for (const [i, { picture, name, tail = '' }] of tiles.entries()) {
    const x = GAP + (i % columns) * (tile.width + GAP)
    const y = top + Math.floor(i / columns) * (tile.height + CAPTION + GAP)
    fillRect(sheet, { xmin: x, ymin: y, xmax: x + tile.width, ymax: y + tile.height }, EMPTY)
    if (picture === undefined) {
      small.draw(sheet, small.fit('cannot be read', tile.width - 20), x + 10, y + (tile.height >> 1), FAULT)
    } else paste(sheet, picture, x + ((tile.width - picture.width) >> 1), y + ((tile.height - picture.height) >> 1))
    const behind = tail === '' ? '' : `  ${tail}`
    const cut = small.fit(name, tile.width - small.measure(behind).width)
    small.draw(sheet, small.fit(`${cut}${behind}`, tile.width), x, y + tile.height + 18, INK)
  }
  return sheet
}

interface PlacedEntry extends LegendEntry {
  readonly x: number
  readonly row: number
}

/** The entries in as many rows as they need. */
function placeLegend(legend: readonly LegendEntry[], font: StrokeFont, width: number) {
  const entries: PlacedEntry[] = []
  let [x, row] = [0, 0]
  for (const { color, text } of legend) {
    const shown = font.fit(text, Math.min(MOST_LEGEND_WIDTH, width - 20))
    const room = 20 + font.measure(shown).width + 24
    if (x > 0 && x + room > width) [x, row] = [0, row + 1]
    entries.push({ x, row, color, text: shown })
    x += room
  }
  return { rows: entries.length === 0 ? 0 : row + 1, entries }
}

function paste(target: Canvas, source: Canvas, x: number, y: number): void {
  for (let row = 0; row < source.height; row++) {
    const from = row * source.width * 3
    target.data.set(source.data.subarray(from, from + source.width * 3), ((y + row) * target.width + x) * 3)
  }
}
