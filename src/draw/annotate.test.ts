/** @file Whole pictures: what is drawn and what is not, odd boxes and options, and one picture to the byte. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { ConfigError, ImageError, uniformAt } from '../tensor/index.js'
import { type DrawableDetection, type DrawOptions, drawDetections } from './annotate.js'
import type { Canvas } from './canvas.js'
import { classColor } from './palette.js'

function plain(width: number, height: number, value = 128): Canvas {
  return { width, height, data: new Uint8Array(width * height * 3).fill(value) }
}

function detection(
  xmin: number,
  ymin: number,
  xmax: number,
  ymax: number,
  label = 'cat',
  score = 0.9,
): DrawableDetection {
  return { label, score, box: { xmin, ymin, xmax, ymax } }
}

function pixel(canvas: Canvas, x: number, y: number): number[] {
  return [...canvas.data.subarray((y * canvas.width + x) * 3, (y * canvas.width + x) * 3 + 3)]
}

const PLAIN_STYLE: DrawOptions = { lineWidth: 2, textSize: 14, classes: ['cat', 'dog'] }

test('draws on a copy: box in the colour of the class, tag above, the inside untouched', () => {
  const image = { width: 400, height: 300, data: Buffer.alloc(400 * 300 * 3, 128) }
  const drawn = drawDetections(image, [detection(100, 100, 220, 200)], PLAIN_STYLE)
  assert.ok(image.data.every((byte) => byte === 128))
  assert.deepEqual([drawn.width, drawn.height, drawn.scale, drawn.data.length], [400, 300, 1, 400 * 300 * 3])
  for (const [x, y] of [
    [160, 98],
    [160, 201],
    [98, 150],
    [221, 150],
    [102, 93],
  ] as const) {
    assert.deepEqual(pixel(drawn, x, y), [...classColor(0)], `pixel ${x}, ${y}`)
  }
  for (let y = 100; y < 200; y++) for (let x = 100; x < 220; x++) assert.deepEqual(pixel(drawn, x, y), [128, 128, 128])
})

test('nothing to draw gives the same picture', () => {
  const image = plain(330, 20)
  assert.deepEqual(drawDetections(image, []).data, image.data)
})

test('boxes that are not finite or lie outside are left out', () => {
  const image = plain(400, 300)
  const [nan, far] = [Number.NaN, Number.POSITIVE_INFINITY]
  const odd = [
    detection(nan, 1, 50, 50),
    detection(1, nan, 50, 50),
    detection(1, 1, far, 50),
    detection(-far, -far, far, far),
    detection(-60, -60, -10, -10),
    detection(500, 10, 600, 50),
    detection(10, 400, 50, 500),
  ]
  assert.deepEqual(drawDetections(image, odd).data, image.data)
})

test('boxes of no size, reversed and partly outside are drawn', () => {
  const image = plain(400, 300)
  for (const box of [
    detection(50, 60, 50, 60),
    detection(90, 80, 20, 30),
    detection(-1e9, -1e9, 50, 60),
    detection(-1e300, -1e300, 1e300, 1e300),
    detection(400, 300, 400, 300),
  ]) {
    assert.notDeepEqual(drawDetections(image, [box]).data, image.data, JSON.stringify(box))
  }
  const reversed = drawDetections(image, [detection(90, 80, 20, 30)])
  assert.deepEqual(reversed.data, drawDetections(image, [detection(20, 30, 90, 80)]).data)
})

test('random boxes on pictures of all shapes: no error, and only pixels near boxes and tags change', () => {
  for (let key = 0; key < 60; key++) {
    const at = (i: number): number => uniformAt(key, i)
    const [width, height] = [1 + Math.floor(Math.abs(at(0)) * 90), 1 + Math.floor(Math.abs(at(1)) * 90)]
    const image = plain(width, height)
    const boxes = Array.from({ length: 8 }, (_, i) =>
      detection(...([2, 3, 4, 5].map((k) => at(10 * i + k) * 130) as [number, number, number, number]), `label ${i}`),
    )
    const drawn = drawDetections(image, boxes, { enlargeBelow: key % 2 === 0 ? 0 : 320 })
    assert.equal(drawn.data.length, drawn.width * drawn.height * 3)
    assert.equal(drawn.width, width * drawn.scale)
  }
  const drawn = drawDetections(plain(400, 300), [detection(300, 200, 399, 299)], PLAIN_STYLE)
  for (let y = 0; y < 300; y++) {
    for (let x = 0; x < 400; x++) {
      if (x < 290 || y < 170) assert.deepEqual(pixel(drawn, x, y), [128, 128, 128], `pixel ${x}, ${y}`)
    }
  }
})

test('tiny pictures are enlarged by a whole number, others are not', () => {
  for (const [width, height, scale] of [
    [64, 48, 5],
    [60, 40, 6],
    [1, 1, 16],
    [320, 10, 1],
    [319, 10, 2],
    [10, 640, 1],
  ] as const) {
    const image = plain(width, height)
    image.data[0] = 7
    const drawn = drawDetections(image, [])
    assert.deepEqual([drawn.scale, drawn.width, drawn.height], [scale, width * scale, height * scale])
    assert.deepEqual(pixel(drawn, scale - 1, scale - 1), [7, 128, 128])
    assert.equal(drawDetections(image, [], { enlargeBelow: 0 }).scale, 1)
  }
})

test('sizes follow the picture: thin lines on small ones, thick lines on large ones', () => {
  const thickness = (side: number): number => {
    const drawn = drawDetections(plain(side, side), [detection(side / 4, side / 4, side / 2, side / 2)], {
      classes: ['cat'],
    })
    let count = 0
    const y = Math.round(side * 0.4)
    for (let x = 0; x < side * 0.35; x++) if (pixel(drawn, x, y).join() === classColor(0).join()) count++
    return count
  }
  assert.equal(thickness(400), 2)
  assert.equal(thickness(3000), 10)
})

test('small boxes stay visible on top of large ones, whatever the order of the detections', () => {
  const [small, large] = [detection(100, 95, 120, 115, 'dog'), detection(20, 100, 300, 280, 'cat')]
  const one = drawDetections(plain(400, 300), [small, large], PLAIN_STYLE)
  assert.deepEqual(one.data, drawDetections(plain(400, 300), [large, small], PLAIN_STYLE).data)
  assert.deepEqual(pixel(one, 98, 100), [...classColor(1)])
})

test('low scores, odd scores and names of any length', () => {
  const image = plain(400, 300)
  const sure = drawDetections(image, [detection(100, 100, 300, 250)], PLAIN_STYLE)
  const unsure = drawDetections(image, [detection(100, 100, 300, 250, 'cat', 0.3)], PLAIN_STYLE)
  const lineAt = (canvas: Canvas): number =>
    [96, 97, 98, 99, 100].filter((x) => pixel(canvas, x, 180).join() === classColor(0).join()).length
  assert.deepEqual([lineAt(sure), lineAt(unsure)], [2, 1])
  for (const score of [Number.NaN, -3, 7, Number.POSITIVE_INFINITY])
    drawDetections(image, [detection(1, 2, 30, 40, 'x', score)])
  for (const label of [
    '',
    ' ',
    '\n\t',
    'x'.repeat(1e6),
    '\u0301',
    `e${'\u0301'.repeat(1e5)}`,
    '漢字',
    '🙂'.repeat(500),
    '\ud800',
  ]) {
    drawDetections(image, [detection(10, 50, 60, 90, label)])
  }
  const noScore = drawDetections(image, [detection(100, 100, 300, 250)], { ...PLAIN_STYLE, showScores: false })
  assert.notDeepEqual(noScore.data, sure.data)
})

test('the 501st score has no tag', () => {
  const boxes = Array.from({ length: 501 }, (_, i) => {
    const [x, y] = [10 + 60 * (i % 30), 20 + 60 * Math.floor(i / 30)]
    return detection(x, y, x + 40, y + 30, 'cat', i === 77 ? 0.6 : 0.9)
  })
  const drawn = drawDetections(plain(1830, 1060), boxes, { ...PLAIN_STYLE, textSize: 8 })
  for (const i of [0, 77, 500]) {
    const color = pixel(drawn, 10 + 60 * (i % 30), 20 + 60 * Math.floor(i / 30) - 5)
    assert.deepEqual(color, i === 77 ? [128, 128, 128] : [...classColor(0)], `box ${i}`)
  }
})

test('thousands of boxes are drawn in reasonable time', () => {
  const boxes = Array.from({ length: 5000 }, (_, i) => {
    const [x, y] = [200 + 190 * uniformAt(1, i), 150 + 140 * uniformAt(2, i)]
    return detection(x, y, x + 9, y + 9, `class ${i}`, Math.abs(uniformAt(3, i)))
  })
  assert.equal(drawDetections(plain(400, 300), boxes).scale, 1)
})

test('pictures and options that make no sense are refused', () => {
  assert.throws(() => drawDetections({ width: 3, height: 3, data: new Uint8Array(36) }, []), ImageError)
  for (const options of [
    { lineWidth: 0 },
    { lineWidth: Number.NaN },
    { textSize: 1 },
    { textSize: Number.POSITIVE_INFINITY },
    { enlargeBelow: -1 },
  ]) {
    assert.throws(() => drawDetections(plain(4, 4), [], options), ConfigError)
  }
})

test('one picture to the byte', () => {
  const image = plain(360, 240)
  for (let i = 0; i < image.data.length; i++) image.data[i] = (i * 7 + (i >> 9)) & 255
  const drawn = drawDetections(
    image,
    [
      detection(20.4, 50.6, 120.2, 200.9, 'façade', 0.876),
      detection(90, 40, 300, 220, 'Traffic light', 0.42),
      detection(150.5, 100.5, 158, 109, 'mask_weared_incorrect', 1),
      { label: '漢 & "box" [1]', box: { xmin: 300, ymin: 5, xmax: 500, ymax: 60 } },
    ],
    { classes: ['façade', 'Traffic light'] },
  )
  assert.equal(
    createHash('sha256').update(drawn.data).digest('hex'),
    '8450a5d4b7ae6f0b0c2d3e24805fb26e6f239ac2b688ab13aa0f6dcf191bb541',
  )
})

test('a colour of its own goes before that of the label, in box and tag', () => {
  const own = { ...detection(100, 100, 220, 200), color: [1, 2, 3] as const }
  const drawn = drawDetections(plain(400, 300), [own], PLAIN_STYLE)
  assert.deepEqual(pixel(drawn, 160, 98), [1, 2, 3])
  assert.deepEqual(pixel(drawn, 101, 93), [1, 2, 3])
})

test('beyond mostTags only the best scores have a name', () => {
  const boxes = [detection(10, 60, 110, 140, 'cat', 0.6), detection(210, 60, 310, 140, 'cat', 0.9)]
  const tagged = (mostTags: number): boolean[] => {
    const drawn = drawDetections(plain(400, 300), boxes, { ...PLAIN_STYLE, mostTags })
    return [20, 220].map((x) => pixel(drawn, x, 50).join() !== '128,128,128')
  }
  assert.deepEqual(
    [tagged(2), tagged(1), tagged(0)],
    [
      [true, true],
      [false, true],
      [false, false],
    ],
  )
  assert.throws(() => drawDetections(plain(400, 300), [], { mostTags: 501 }), ConfigError)
})
