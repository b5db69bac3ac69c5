/** @file The typeface: every character has its own shape, stays in its cell, and is measured as it is drawn. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../tensor/index.js'
import type { Canvas } from './canvas.js'
import { GLYPHS, SIDE_BEARING } from './glyphs.js'
import { hasGlyph, StrokeFont } from './stroke-font.js'

const ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
/** Latin-1 but for the no-break space and the soft hyphen. */
const LATIN_1 = Array.from({ length: 96 }, (_, i) => String.fromCharCode(160 + i)).filter(
  (character) => !'\u00a0\u00ad'.includes(character),
)

/** White text on black, with `margin` pixels around; the coverage is the red byte. */
function render(font: StrokeFont, text: string, margin = 0): Canvas {
  const { width, ascent, descent } = font.measure(text)
  const size = { width: width + 2 * margin, height: ascent + descent + 2 * margin }
  const canvas: Canvas = { ...size, data: new Uint8Array(size.width * size.height * 3) }
  font.draw(canvas, text, margin, margin + ascent, [255, 255, 255])
  return canvas
}

function ink(canvas: Canvas): number {
  return canvas.data.reduce((sum, byte) => sum + byte, 0) / 765
}

/** Pixels that differ, counted in whole pixels, for two drawings laid over each other from the left on one baseline. */
function difference(a: Canvas, b: Canvas): number {
  let sum = 0
  for (let y = 0; y < Math.max(a.height, b.height); y++) {
    for (let x = 0; x < Math.max(a.width, b.width); x++) {
      const of = (canvas: Canvas): number => {
        const row = y - (Math.max(a.height, b.height) - canvas.height)
        return x < canvas.width && row >= 0 ? canvas.data[(row * canvas.width + x) * 3]! : 0
      }
      sum += Math.abs(of(a) - of(b)) / 255
    }
  }
  return sum
}

test('printable ASCII and Latin-1 are complete', () => {
  const font = new StrokeFont(20)
  const missing = ink(render(font, '漢'))
  assert.ok(missing > 20, 'a box stands for characters that the font lacks')
  for (const character of [...ASCII, ...LATIN_1]) {
    assert.ok(hasGlyph(character), `no glyph for ${character}`)
    if (character !== ' ') assert.ok(ink(render(font, character)) > 2, `no ink for ${character}`)
  }
  for (const character of 'ěščřžůőűąęłșțğİŞÿŸ') assert.ok(hasGlyph(character), `no glyph for ${character}`)
  for (const character of ['漢', '🙂', 'Ж', '\u0007', '']) assert.ok(!hasGlyph(character))
})

test('every description of a glyph can be read', () => {
  for (const [character, description] of GLYPHS) {
    const [left, right, ...path] = description.split(' ')
    assert.ok(left! in SIDE_BEARING && right! in SIDE_BEARING, `sides of ${character}`)
    assert.match(path.join(' '), /^(?:[MLXYD]-?[\d.]+ -?[\d.]+ ?|[HV]-?[\d.]+ ?|C(?:-?[\d.]+ ?){6})+$/, character)
  }
})

for (const size of [10, 12, 16, 24]) {
  test(`all characters of ASCII differ from each other at ${size} px`, () => {
    const font = new StrokeFont(size)
    const drawings = ASCII.map((character) => render(font, character))
    // The closest pair is I and i: one pixel of air under the dot.
    const least = size >= 16 ? 1.5 : 0.9
    for (let i = 0; i < drawings.length; i++) {
      for (let j = 0; j < i; j++) {
        const distance = difference(drawings[i]!, drawings[j]!)
        assert.ok(distance >= least, `${ASCII[j]} and ${ASCII[i]} differ by ${distance.toFixed(2)} pixels`)
      }
    }
  })

  test(`stems and bars are sharp at ${size} px`, () => {
    const font = new StrokeFont(size)
    const middle = font.capHeight >> 1
    for (const character of 'HIlnE') {
      const canvas = render(font, character)
      const row = Array.from(
        { length: canvas.width },
        (_, x) => canvas.data[((font.capHeight - middle + 1) * canvas.width + x) * 3]!,
      )
      assert.ok(Math.max(...row) >= 215, `${character}: darkest pixel of a stem ${Math.max(...row)}`)
    }
  })

  test(`ink reaches at most a pixel out of the cell at ${size} px`, () => {
    const font = new StrokeFont(size)
    for (const character of [...ASCII, ...LATIN_1]) {
      const tight = render(font, character, 1)
      const wide = render(font, character, size)
      const lost = ink(wide) - ink(tight)
      assert.ok(lost < 0.5, `${character} loses ${lost.toFixed(2)} pixels`)
    }
  })
}

test('no glyph is cut off by its own window: dots and rings are as high as they are wide', () => {
  for (let size = 10; size <= 200; size += 10) {
    const font = new StrokeFont(size)
    for (const character of ['.', '·', '°']) {
      const canvas = render(font, character, size)
      const rows = new Set<number>()
      const columns = new Set<number>()
      for (let i = 0; i < canvas.width * canvas.height; i++) {
        if (canvas.data[i * 3]! < 64) continue
        rows.add(Math.floor(i / canvas.width))
        columns.add(i % canvas.width)
      }
      const [height, width] = [rows.size, columns.size]
      assert.ok(Math.abs(height - width) <= 1, `${character} at ${size} px: ${width} wide, ${height} high`)
    }
  }
})

test('metrics: sizes, sums and monotony', () => {
  for (let size = 8; size < 260; size += 7) {
    const font = new StrokeFont(size)
    const total = font.capHeight + font.descent
    assert.ok(Math.abs(total - size) <= 2, `size ${size}: capitals and descenders take ${total} pixels`)
    const { width, ascent, descent } = font.measure('Hamburg')
    assert.equal(
      width,
      [...'Hamburg'].reduce((sum, character) => sum + font.measure(character).width, 0),
    )
    assert.ok(width > 2.5 * size && width < 5 * size, `size ${size}: width ${width}`)
    assert.deepEqual([ascent, descent], [font.capHeight, font.descent])
    assert.ok(font.measure('É').ascent > font.capHeight, 'accents on capitals rise above the others')
    assert.ok(font.measure('W').width > font.measure('i').width, 'widths are proportional')
  }
  assert.deepEqual(new StrokeFont(20).measure('').width, 0)
})

test('the two ways to write an accented letter are drawn alike', () => {
  const font = new StrokeFont(18)
  for (const text of ['é', 'Å', 'ñ', 'ç', 'ï']) {
    const [one, two] = [render(font, text.normalize('NFC')), render(font, text.normalize('NFD'))]
    assert.equal(one.width, two.width)
    assert.equal(difference(one, two), 0)
  }
})

test('a letter takes three accents, the rest is dropped', () => {
  const font = new StrokeFont(18)
  const three = render(font, 'e\u0301\u0308\u030a')
  assert.equal(difference(three, render(font, `e\u0301\u0308\u030a${'\u0302'.repeat(50_000)}`)), 0)
  assert.ok(difference(three, render(font, 'e\u0301\u0308')) > 3)
})

test('long texts are cut with an ellipsis and then fit', () => {
  const font = new StrokeFont(14)
  const text = 'a very long label indeed'
  assert.equal(font.fit(text, font.measure(text).width), text)
  let previous = 0
  for (let width = 0; width < font.measure(text).width; width++) {
    const cut = font.fit(text, width)
    assert.ok(font.measure(cut).width <= width)
    assert.ok(cut === '' || cut.endsWith('…'), cut)
    assert.ok(cut.length >= previous, 'more room never gives less text')
    previous = cut.length
  }
  assert.equal(previous > 15, true)
})

test('text is clipped at every edge and never wraps to the other side', () => {
  const font = new StrokeFont(20)
  const clean: Canvas = { width: 30, height: 24, data: new Uint8Array(30 * 24 * 3) }
  for (const [x, y] of [
    [-500, 20],
    [40, 20],
    [5, -40],
    [5, 300],
  ] as const) {
    font.draw(clean, 'Wide Text', x, y, [255, 255, 255])
  }
  assert.ok(clean.data.every((byte) => byte === 0))
  font.draw(clean, 'HHHHHH', 20, 20, [255, 255, 255])
  for (let y = 0; y < 24; y++) for (let x = 0; x < 18; x++) assert.equal(clean.data[(y * 30 + x) * 3], 0)
})

test('sizes that cannot be drawn are refused', () => {
  for (const size of [0, -3, Number.NaN, Number.POSITIVE_INFINITY, 1e6]) {
    assert.throws(() => new StrokeFont(size), ConfigError)
  }
})
