/** @file Drawings with boxes, arrows and curves: flow charts, trees, networks, maps, plans, screenshots, instruments. */
import type { Random } from '../random.js'
import type { Prose } from '../text/prose.js'
import { type Drawing, range, rect, round, svg, text } from './chart.js'
import { palette } from './colour.js'
import { noise } from './noise.js'

const ARROW =
  '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>'

type Maker = (random: Random, prose: Prose, width: number, height: number) => Drawing

const MAKERS: Readonly<Record<string, Maker>> = {
  flow,
  tree,
  network,
  layers,
  map,
  screenshot,
  plan,
  timeline,
  venn,
  curve,
}

export function diagram(random: Random, prose: Prose, width: number, height: number): Drawing {
  return MAKERS[random.pick(Object.keys(MAKERS))]!(random, prose, width, height)
}

function label(prose: Prose, x: number, y: number, size: number, words = 1): string {
  return text(x, y + size / 3, size, prose.words(words), 'text-anchor="middle"')
}

function flow(random: Random, prose: Prose, width: number, height: number): Drawing {
  const [columns, rows] = [random.int(2, 4), random.int(1, Math.max(1, Math.min(4, Math.floor(height / 60))))]
  const colours = random.chance(0.4)
    ? palette(random, 3).map((c) => c.replace('rgb', 'rgba').replace(')', ',0.3)'))
    : ['#fff']
  const [cw, ch, size] = [width / columns, height / rows, random.float(8, 10.5)]
  const rounded = random.pick([0, 0, 4, 12])
  const boxes = range(columns * rows, (k) => {
    const [cx, cy] = [cw * ((k % columns) + 0.5), ch * (Math.floor(k / columns) + 0.5)]
    const [w, h] = [cw * 0.7, Math.min(ch * 0.6, 44)]
    const shape =
      random.chance(0.15) && rounded === 0
        ? `<path d="M${cx - w / 2} ${cy} L${cx} ${cy - h / 2} L${cx + w / 2} ${cy} L${cx} ${cy + h / 2} Z" fill="${random.pick(colours)}" stroke="#222"/>`
        : rect(cx - w / 2, cy - h / 2, w, h, random.pick(colours), `stroke="#222" rx="${rounded}"`)
    const right =
      k % columns < columns - 1
        ? `<line x1="${cx + w / 2}" x2="${cx + cw - w / 2}" y1="${cy}" y2="${cy}" stroke="#222" marker-end="url(#a)"/>`
        : ''
    const down =
      k + columns < columns * rows && random.chance(0.6)
        ? `<line x1="${cx}" x2="${cx}" y1="${cy + h / 2}" y2="${cy + ch - h / 2}" stroke="#222" marker-end="url(#a)"/>`
        : ''
    return shape + label(prose, cx, cy, size) + right + down
  })
  return svg(width, height, ARROW + boxes)
}

function tree(random: Random, prose: Prose, width: number, height: number): Drawing {
  const depth = height > 110 ? 3 : 2
  const size = random.float(8, 10)
  const node = (level: number, left: number, right: number): string => {
    const [cx, cy] = [(left + right) / 2, (height * (level + 0.5)) / depth]
    const own = rect(cx - 30, cy - 10, 60, 20, '#fff', 'stroke="#444"') + label(prose, cx, cy, size)
    if (level === depth - 1 || right - left < 90) return own
    const count = Math.min(random.int(2, 4), Math.floor((right - left) / 64))
    return (
      range(count, (i) => {
        const step = (right - left) / count
        const child = left + step * (i + 0.5)
        const below = (height * (level + 1.5)) / depth
        return `<path d="M${cx} ${cy + 10} V${(cy + below) / 2} H${child} V${below - 10}" fill="none" stroke="#444"/>${node(level + 1, left + step * i, left + step * (i + 1))}`
      }) + own
    )
  }
  return svg(width, height, node(0, 0, width))
}

function network(random: Random, prose: Prose, width: number, height: number): Drawing {
  const count = random.int(6, 16)
  const points = Array.from(
    { length: count },
    () => [random.float(16, width - 16), random.float(14, height - 14)] as const,
  )
  const colours = palette(random, 3)
  const lines = range(count * 2, () => {
    const [a, b] = [random.pick(points), random.pick(points)]
    return `<line x1="${round(a[0])}" y1="${round(a[1])}" x2="${round(b[0])}" y2="${round(b[1])}" stroke="#888"/>`
  })
  const names = random.chance(0.5)
  const dots = points
    .map(([x, y], i) => {
      const dot = `<circle cx="${round(x)}" cy="${round(y)}" r="${random.int(5, 11)}" fill="${random.pick(colours)}" stroke="#222"/>`
      return (
        dot +
        (names
          ? label(prose, x, y + 16, 8)
          : label(prose, -50, -50, 1) + text(x, y + 3, 8, String(i + 1), 'text-anchor="middle" fill="#fff"'))
      )
    })
    .join('')
  return svg(width, height, lines + dots)
}

function layers(random: Random, prose: Prose, width: number, height: number): Drawing {
  const count = random.int(3, 6)
  const colours = palette(random, count)
  const size = random.float(9, 12)
  return svg(
    width,
    height,
    range(count, (i) => {
      const top = 2 + (i * (height - 4)) / count
      const parts = random.int(1, 4)
      return range(parts, (k) => {
        const w = (width - 4) / parts
        const own = rect(2 + k * w, top, w - 4, height / count - 6, colours[i]!, 'fill-opacity="0.35" stroke="#333"')
        return own + label(prose, 2 + (k + 0.5) * w, top + height / count / 2 - 3, size)
      })
    }),
  )
}

function map(random: Random, prose: Prose, width: number, height: number): Drawing {
  const relief = noise(random)
  const land = random.pick(['#f2efe4', '#e6efd9', '#f6f1d5', '#eee'])
  const areas = range(random.int(3, 7), () => {
    const [cx, cy, r] = [random.float(0, width), random.float(0, height), random.float(20, width / 4)]
    const points = Array.from({ length: 24 }, (_, i) => {
      const angle = (i * Math.PI) / 12
      const radius = r * (0.6 + 0.8 * relief(cx + 2 * Math.cos(angle), cy + 2 * Math.sin(angle)))
      return `${round(cx + radius * Math.cos(angle))},${round(cy + radius * Math.sin(angle))}`
    })
    return `<polygon points="${points.join(' ')}" fill="${random.pick(['#b5d3ee', '#cfe3b4', '#d9d2bd', '#bcd7a3'])}" stroke="#999" stroke-width="0.6"/>`
  })
  const roads = range(random.int(4, 12), () => {
    const [a, b] = [random.float(0, height), random.float(0, height)]
    const path = random.chance(0.5)
      ? `M0 ${round(a)} Q${round(width / 2)} ${round(random.float(0, height))} ${width} ${round(b)}`
      : `M${round((a / height) * width)} 0 L${round((b / height) * width)} ${height}`
    return `<path d="${path}" fill="none" stroke="${random.pick(['#fff', '#f7c873', '#c66', '#888'])}" stroke-width="${random.int(1, 4)}"/>`
  })
  const names = range(random.int(3, 9), () => {
    const [x, y] = [random.float(20, width - 60), random.float(14, height - 8)]
    return `<circle cx="${round(x)}" cy="${round(y)}" r="2"/>${text(x + 4, y + 3, random.float(7, 11), prose.place())}`
  })
  const frame = `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" fill="none" stroke="#555"/>`
  return svg(width, height, rect(0, 0, width, height, land) + areas + roads + names + frame)
}

/** A window of a program. */
export function screenshot(random: Random, prose: Prose, width: number, height: number): Drawing {
  const dark = random.chance(0.3)
  const [back, ink, bar] = dark
    ? ['#22272e', '#cdd', '#30363d']
    : ['#fff', '#333', random.pick(['#dde3ea', '#3b5998', '#eee'])]
  const accent = random.pick(palette(random, 3))
  const side = random.chance(0.6) ? width * 0.24 : 0
  const dots = range(3, (i) => `<circle cx="${9 + i * 11}" cy="9" r="3.4" fill="${['#f66', '#fb4', '#4c6'][i]}"/>`)
  const menu =
    side === 0
      ? ''
      : rect(1, 18, side, height - 19, dark ? '#2b3036' : '#f0f2f4') +
        range(Math.floor((height - 30) / 15), (i) => text(8, 34 + i * 15, 8, prose.words(1), `fill="${ink}"`))
  const lines = range(Math.floor((height - 40) / 15), (i) => {
    const y = 36 + i * 15
    if (random.chance(0.12))
      return rect(side + 10, y - 9, 56, 12, accent, 'rx="2"') + text(side + 15, y, 8, prose.words(1), 'fill="#fff"')
    return text(side + 10, y, 8, prose.words(Math.max(1, Math.floor((width - side) / 70))), `fill="${ink}"`)
  })
  return svg(
    width,
    height,
    `${rect(0.5, 0.5, width - 1, height - 1, back, 'stroke="#999"')}${rect(1, 1, width - 2, 17, bar)}${dots}${text(width / 2, 13, 8.5, prose.words(2), 'text-anchor="middle"')}${menu}${lines}`,
  )
}

/** Rooms of a house, with measures. */
function plan(random: Random, prose: Prose, width: number, height: number): Drawing {
  const split = (x: number, y: number, w: number, h: number, depth: number): string => {
    if (depth === 0 || w < 70 || h < 50) {
      const measure = `${random.float(2, 7).toFixed(1)} × ${random.float(2, 7).toFixed(1)} m`
      return (
        rect(x, y, w, h, 'none', 'stroke="#111" stroke-width="2.5"') +
        label(prose, x + w / 2, y + h / 2 - 5, 8.5) +
        text(x + w / 2, y + h / 2 + 9, 7, measure, 'text-anchor="middle"')
      )
    }
    const cut = random.float(0.35, 0.65)
    return w > h
      ? split(x, y, w * cut, h, depth - 1) + split(x + w * cut, y, w * (1 - cut), h, depth - 1)
      : split(x, y, w, h * cut, depth - 1) + split(x, y + h * cut, w, h * (1 - cut), depth - 1)
  }
  return svg(width, height, split(4, 4, width - 8, height - 8, random.int(2, 4)))
}

function timeline(random: Random, prose: Prose, width: number, _height: number): Drawing {
  const height = 96
  const count = random.int(3, 6)
  const [colour] = palette(random, 1)
  const y = height / 2
  const marks = range(count, (i) => {
    const x = (width * (i + 0.5)) / count
    const above = i % 2 === 0
    const dot = `<circle cx="${x}" cy="${y}" r="6" fill="${colour}"/>`
    return (
      dot +
      text(x, above ? y - 14 : y + 22, 10, prose.digits(prose.year()), 'text-anchor="middle" font-weight="bold"') +
      label(prose, x, above ? y - 30 : y + 36, 8.5)
    )
  })
  return svg(
    width,
    height,
    `<line x1="4" x2="${width - 6}" y1="${y}" y2="${y}" stroke="#555" stroke-width="2" marker-end="url(#a)"/>${ARROW}${marks}`,
  )
}

function venn(random: Random, prose: Prose, width: number, height: number): Drawing {
  const colours = palette(random, 3)
  const r = Math.min(width, height) * 0.29
  const [cx, cy] = [width / 2, height / 2]
  return svg(
    width,
    height,
    range(3, (i) => {
      const angle = (i * 2 * Math.PI) / 3 - Math.PI / 2
      const [x, y] = [cx + r * 0.62 * Math.cos(angle), cy + r * 0.62 * Math.sin(angle) + r * 0.12]
      const own = `<circle cx="${round(x)}" cy="${round(y)}" r="${round(r)}" fill="${colours[i]}" fill-opacity="0.4" stroke="#333"/>`
      return own + label(prose, x + r * 0.35 * Math.cos(angle), y + r * 0.35 * Math.sin(angle), 9)
    }),
  )
}

/** A curve with marked angles and points, as in a lesson of geometry or physics. */
function curve(random: Random, _prose: Prose, width: number, height: number): Drawing {
  const [ox, oy] = [width * 0.15, height * 0.85]
  const bend = random.float(-0.5, 0.9)
  const path = `M${ox} ${oy - 10} Q${round(width * 0.5)} ${round(height * (0.5 - bend * 0.5))} ${width * 0.92} ${round(height * random.float(0.15, 0.7))}`
  const marks = range(random.int(2, 5), (i) => {
    const [x, y] = [random.float(ox + 10, width * 0.9), random.float(height * 0.15, oy - 10)]
    const dotted = `<path d="M${round(x)} ${oy} V${round(y)} H${ox}" fill="none" stroke="#999" stroke-dasharray="3 3"/>`
    return `${dotted}<circle cx="${round(x)}" cy="${round(y)}" r="2.6"/>${text(x + 5, y - 4, 11, 'ABCPQ'[i]!, 'font-style="italic"')}`
  })
  const axes = `<path d="M${ox} ${oy} H${width * 0.97} M${ox} ${oy + 8} V${height * 0.05}" fill="none" stroke="#111" marker-end="url(#a)"/>`
  return svg(
    width,
    height,
    `${ARROW}${axes}<path d="${path}" fill="none" stroke="#123a7a" stroke-width="1.8"/>${marks}${text(width * 0.95, oy + 13, 11, 'x', 'font-style="italic"')}${text(ox - 14, height * 0.1, 11, 'y', 'font-style="italic"')}`,
  )
}
