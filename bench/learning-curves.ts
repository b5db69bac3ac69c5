/**
 * @file Learning curves of the blood cells in one picture: RT-DETR beside plain DETR, ours beside PyTorch's, from the tables that
 * the runs wrote. `npm run bench:curves [FOLDER]` draws bench/results/blood-cells/*.csv into curves.png beside them.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeImage } from '../src/data/index.node.js'
import { type ChartSeries, lineChart } from '../src/draw/index.js'

const folder = process.argv[2] ?? fileURLToPath(new URL('../../bench/results/blood-cells/', import.meta.url))

/** AP50 by epoch; columns are found by name, rows without an evaluation are passed over. */
function curveOf(file: string): ChartSeries {
  const [heading, ...rows] = readFileSync(join(folder, file), 'utf8').trim().split('\n')
  const columns = heading!.split(',').map((name) => name.toLowerCase())
  const [epoch, ap50] = ['epoch', 'ap50'].map((name) => columns.indexOf(name)) as [number, number]
  const points = rows.map((row) => row.split(',')).filter((cells) => (cells[ap50] ?? '') !== '')
  return {
    name: file.replace(/\.csv$/, ''),
    xs: points.map((cells) => Number(cells[epoch])),
    ys: points.map((cells) => Number(cells[ap50])),
  }
}

const series = readdirSync(folder)
  .filter((name) => name.endsWith('.csv'))
  .sort()
  .map(curveOf)
const picture = lineChart(
  {
    title: 'Blood cells from scratch',
    note: '250 photos to train, 50 to validate; averaged weights',
    x: { title: 'epoch' },
    y: { title: 'AP50', min: 0, max: 1 },
    series,
  },
  900,
  520,
)
writeFileSync(join(folder, 'curves.png'), await encodeImage(picture, 'png'))
console.log(series.map(({ name, ys }) => `${name}: ${Array.from(ys, (y) => y.toFixed(3)).join(' ')}`).join('\n'))
