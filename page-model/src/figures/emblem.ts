/** @file Small pictures: logos, seals, signatures, bar codes, square codes. */
import { escapeHtml } from '../markup.js'
import type { Random } from '../random.js'
import type { Prose } from '../text/prose.js'
import { type Drawing, range, rect, round, svg } from './chart.js'
import { palette } from './colour.js'

/** A mark of shapes, often with a name beside it. */
export function logo(random: Random, prose: Prose, height: number): Drawing {
  const [a, b] = palette(random, 2) as [string, string]
  const s = height
  const mark = random.pick([
    `<circle cx="${s / 2}" cy="${s / 2}" r="${s / 2}" fill="${a}"/><circle cx="${s * 0.62}" cy="${s * 0.4}" r="${s * 0.25}" fill="${b}"/>`,
    rect(0, 0, s, s, a, `rx="${s * 0.2}"`) +
      `<path d="M${s * 0.2} ${s * 0.8} L${s / 2} ${s * 0.2} L${s * 0.8} ${s * 0.8} Z" fill="#fff"/>`,
    range(3, (i) => rect(i * s * 0.36, s * (0.5 - 0.2 * i), s * 0.28, s * (0.5 + 0.2 * i), i === 1 ? b : a)),
    `<path d="M0 ${s / 2} L${s / 2} 0 L${s} ${s / 2} L${s / 2} ${s} Z" fill="${a}"/><path d="M${s * 0.25} ${s / 2} L${s / 2} ${s * 0.25} L${s * 0.75} ${s / 2} L${s / 2} ${s * 0.75} Z" fill="#fff"/>`,
    range(
      8,
      (i) =>
        `<rect x="${s * 0.44}" y="0" width="${s * 0.12}" height="${s * 0.36}" fill="${a}" transform="rotate(${i * 45} ${s / 2} ${s / 2})"/>`,
    ),
    `<path d="M${s / 2} 0 L${s} ${s * 0.2} V${s * 0.55} Q${s} ${s * 0.85} ${s / 2} ${s} Q0 ${s * 0.85} 0 ${s * 0.55} V${s * 0.2} Z" fill="${a}"/><path d="M${s * 0.2} ${s / 2} H${s * 0.8} M${s / 2} ${s * 0.15} V${s * 0.85}" stroke="#fff" stroke-width="${s * 0.08}"/>`,
  ])
  if (random.chance(0.35)) return svg(s, s, mark)
  const name = prose.words(1)
  const dense = prose.language.space === ''
  const size = s * random.float(0.5, 0.75)
  const width = round(s * 1.2 + name.length * size * (dense ? 1.02 : 0.62))
  const weight = random.pick(['bold', 'normal', '900'])
  return svg(
    width,
    s,
    `${mark}<text x="${s * 1.2}" y="${s / 2 + size * 0.35}" font-size="${round(size)}" font-weight="${weight}" fill="${a}">${escapeHtml(name)}</text>`,
  )
}

export function seal(random: Random, prose: Prose, size: number): Drawing {
  const colour = random.pick(['#b22', '#224a9a', '#333', '#7a1f5c'])
  const r = size / 2
  const star = range(
    5,
    (i) =>
      `<path d="M${r} ${r * 0.55} L${r * 1.1} ${r * 0.92} H${r * 0.9} Z" fill="${colour}" transform="rotate(${i * 72} ${r} ${r})"/>`,
  )
  const ring = `<circle cx="${r}" cy="${r}" r="${r - 2}" fill="none" stroke="${colour}" stroke-width="2.5"/><circle cx="${r}" cy="${r}" r="${r * 0.68}" fill="none" stroke="${colour}"/>`
  const id = `ring${random.int(0, 1e9)}`
  const path = `<path id="${id}" d="M${r * 0.24} ${r} A${r * 0.76} ${r * 0.76} 0 1 1 ${r * 1.76} ${r}" fill="none"/>`
  return svg(
    size,
    size,
    `${ring}${star}${path}<text font-size="${round(r * 0.2)}" fill="${colour}"><textPath href="#${id}">${escapeHtml(`${prose.words(2)} · ${prose.place()}`.slice(0, 22))}</textPath></text>`,
  )
}

/** A scrawl. */
export function signature(random: Random, width: number, height: number): Drawing {
  let [x, y] = [4, height * 0.6]
  let path = `M${x} ${round(y)}`
  while (x < width - 16) {
    const step = random.float(4, 14)
    const [cx, cy] = [x + random.float(-6, step), height * random.float(0.02, 0.98)]
    x += step
    y = height * random.float(0.35, 0.8)
    path += ` Q${round(cx)} ${round(cy)} ${round(x)} ${round(y)}`
  }
  const colour = random.pick(['#1a2f7a', '#222', '#123'])
  return svg(
    width,
    height,
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${random.float(1, 2).toFixed(1)}" stroke-linecap="round"/>`,
  )
}

export function barCode(random: Random, width: number, height: number): Drawing {
  let bars = ''
  for (let x = 0; x < width - 4; ) {
    const w = random.pick([1, 1, 2, 3])
    bars += rect(x, 0, w, height - 11, '#000')
    x += w + random.pick([1, 1, 2, 3])
  }
  const digits = Array.from({ length: 13 }, () => random.int(0, 9)).join(' ')
  return svg(
    width,
    height,
    `${bars}<text x="${width / 2}" y="${height - 1}" font-size="9" text-anchor="middle">${digits}</text>`,
  )
}

export function squareCode(random: Random, size: number): Drawing {
  const count = random.pick([21, 25, 29])
  const cell = size / count
  const eye = (x: number, y: number): string =>
    rect(x * cell, y * cell, 7 * cell, 7 * cell, '#000') +
    rect((x + 1) * cell, (y + 1) * cell, 5 * cell, 5 * cell, '#fff') +
    rect((x + 2) * cell, (y + 2) * cell, 3 * cell, 3 * cell, '#000')
  const cells = range(count * count, (k) => {
    const [x, y] = [k % count, Math.floor(k / count)]
    const inEye = (x < 8 && y < 8) || (x > count - 9 && y < 8) || (x < 8 && y > count - 9)
    return !inEye && random.chance(0.5)
      ? `<path d="M${round(x * cell)} ${round(y * cell)} h${cell.toFixed(2)} v${cell.toFixed(2)} h-${cell.toFixed(2)} z"/>`
      : ''
  })
  return svg(size, size, cells + eye(0, 0) + eye(count - 7, 0) + eye(0, count - 7))
}
