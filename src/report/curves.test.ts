/** @file results.csv is read as it is written, and its picture has a panel for whatever a run writes down. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestOf, curvesPicture, noBestNote, parseResults } from './curves.js'

const HEADING = 'epoch,loss,loss_ce,loss_bbox,loss_ce_0,gradientNorm,learningRate,AP,AP50,AP75'
const text = `${HEADING}
1,30,1,0.5,1.1,200,0.0001,,,
2,20,0.9,0.4,1,150,0.0003,0.1,0.2,0.05
3,15,0.8,0.3,0.9,120,0.0003,,,
4,10,0.7,0.2,0.8,100,0.00003,0.08,0.3,0.04
`

test('columns by name, NaN for what was not evaluated', () => {
  const columns = parseResults(text)
  assert.deepEqual([...columns.keys()], HEADING.split(','))
  assert.deepEqual(columns.get('AP'), [Number.NaN, 0.1, Number.NaN, 0.08])
  assert.deepEqual(columns.get('epoch'), [1, 2, 3, 4])
})

test('a row that was cut off, an empty file and other line ends', () => {
  assert.deepEqual(parseResults(`${text}5,9,0.`).get('loss'), [30, 20, 15, 10])
  assert.deepEqual(parseResults(text.replaceAll('\n', '\r\n')), parseResults(text))
  assert.deepEqual(parseResults(''), new Map([['', []]]))
})

test('the best epoch: the first of equals, none where nothing could be measured', () => {
  assert.deepEqual(bestOf([1, 2, 3], [Number.NaN, 0.5, 0.5]), { epoch: 2, value: 0.5 })
  assert.equal(bestOf([1, 2], [-1, Number.NaN]), undefined)
  assert.equal(bestOf([], undefined), undefined)
})

test('a run without a best epoch was not evaluated, or had nothing to measure', () => {
  assert.equal(noBestNote([Number.NaN, Number.NaN]), 'not evaluated yet')
  assert.equal(noBestNote(undefined), 'not evaluated yet')
  assert.equal(noBestNote([Number.NaN, -1]), 'nothing to measure: validation photos have no objects')
})

test('a panel for each kind of column, in rows of three or four', () => {
  const size = (csv: string): [number, number] => {
    const { width, height } = curvesPicture(parseResults(csv))
    return [width / 520, height / 380]
  }
  assert.deepEqual(size(text), [3, 2])
  assert.deepEqual(size('epoch,loss\n1,2\n'), [1, 1])
  assert.deepEqual(size(''), [1, 1])
  const rows = text.trim().split('\n')
  const wider = rows.map((row, i) => `${row},${i === 0 ? 'APs,AR1,ARs,seconds' : '0.1,0.2,0.3,12'}`).join('\n')
  assert.deepEqual(size(wider), [4, 2])
})
