/** @file Charts as SVG: axes with numbers, legends, and the usual shapes of data. */
import { escapeHtml } from '../markup.js'
import type { Random } from '../random.js'
import type { Prose } from '../text/prose.js'
import { palette } from './colour.js'

/** A figure of its own size, in CSS pixels. */
export interface Drawing {
  readonly width: number
  readonly height: number
  readonly svg: string
}

interface Frame {
  readonly random: Random
  readonly prose: Prose
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  readonly size: number
  readonly colours: readonly string[]
}

export function text(x: number, y: number, size: number, content: string, more = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" ${more}>${escapeHtml(content)}</text>`
}

export function svg(width: number, height: number, inner: string, background = 'none'): Drawing {
  const back = background === 'none' ? '' : `<rect width="${width}" height="${height}" fill="${background}"/>`
  return {
    width,
    height,
    svg: `<svg viewBox="0 0 ${width} ${height}" width="100%" style="display:block" xmlns="http://www.w3.org/2000/svg">${back}${inner}</svg>`,
  }
}

export function chart(random: Random, prose: Prose, width: number, height: number): Drawing {
  if (random.chance(0.17)) return pie(random, prose, width, height)
  const size = random.float(8, 11)
  const legend = random.weighted({ none: 3, top: 2, right: 2 })
  const series = random.int(1, 5)
  const colours = palette(random, series)
  const right = legend === 'right' ? 80 : 14
  const top = legend === 'top' ? 30 : 14
  const frame: Frame = { random, prose, x: 46, y: top, w: width - 46 - right, h: height - top - 40, size, colours }
  const kind = random.weighted({
    bars: 4,
    stacked: 2,
    lines: 5,
    scatter: 3,
    area: 2,
    steps: 1,
    boxes: 2,
    heat: 1,
    sideways: 1,
  })
  const body = kind === 'heat' ? heat(frame) : axes(frame) + SHAPES[kind](frame)
  const names = colours.map(() => prose.words(1))
  const key =
    legend === 'none'
      ? ''
      : names
          .map((name, i) => {
            const [x, y] = legend === 'right' ? [width - 74, top + 14 + i * 16] : [50 + (i * (width - 60)) / series, 16]
            const dot = `<rect x="${x}" y="${y - 7}" width="8" height="8" fill="${colours[i]}"/>`
            return dot + text(x + 12, y, size, name)
          })
          .join('')
  const title = random.chance(0.25)
    ? text(width / 2, 11, size * 1.15, prose.words(3), 'text-anchor="middle" font-weight="bold"')
    : ''
  return svg(width, height, body + (legend === 'top' ? key : title + key), random.chance(0.15) ? '#e9e9e4' : 'none')
}

const SHAPES = {
  bars: ({ random, x, y, w, h, colours }: Frame): string => {
    const groups = random.int(3, 9)
    const bar = (w / groups) * (0.8 / colours.length)
    return range(groups * colours.length, (k) => {
      const [group, i] = [Math.floor(k / colours.length), k % colours.length]
      const height = h * random.float(0.08, 0.95)
      const left = x + (w / groups) * (group + 0.1) + i * bar
      return rect(left, y + h - height, bar * 0.92, height, colours[i]!)
    })
  },
  stacked: ({ random, x, y, w, h, colours }: Frame): string => {
    const groups = random.int(4, 12)
    return range(groups, (group) => {
      let base = y + h
      return range(colours.length, (i) => {
        const height = (h / colours.length) * random.float(0.15, 0.95)
        base -= height
        return rect(x + (w / groups) * (group + 0.2), base, (w / groups) * 0.6, height, colours[i]!)
      })
    })
  },
  sideways: ({ random, x, y, w, h, colours, prose, size }: Frame): string => {
    const rows = random.int(3, 8)
    return range(rows, (i) => {
      const length = w * random.float(0.1, 0.95)
      const top = y + (h / rows) * (i + 0.2)
      return (
        rect(x, top, length, (h / rows) * 0.6, colours[0]!) +
        text(x + 4, top + size, size * 0.9, prose.words(1), 'fill="#000"')
      )
    })
  },
  lines: (frame: Frame): string =>
    series(frame, (points, colour, i) => {
      const marks = frame.random.chance(0.4)
        ? points.map(([a, b]) => `<circle cx="${a}" cy="${b}" r="2.4" fill="${colour}"/>`).join('')
        : ''
      const dash = i % 3 === 2 ? ' stroke-dasharray="5 3"' : ''
      return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.6"${dash}/>${marks}`
    }),
  steps: (frame: Frame): string =>
    series(frame, (points, colour) => {
      const path = points.map(([a, b], i) => (i === 0 ? `M${a} ${b}` : `H${a} V${b}`)).join(' ')
      return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.4"/>`
    }),
  area: (frame: Frame): string =>
    series(frame, (points, colour) => {
      const { x, y, w, h } = frame
      return `<polygon points="${x},${y + h} ${points.join(' ')} ${x + w},${y + h}" fill="${colour}" fill-opacity="0.5"/>`
    }),
  scatter: ({ random, x, y, w, h, colours }: Frame): string => {
    const [slope, spread] = [random.float(-0.8, 0.8), random.float(0.05, 0.25)]
    return range(random.int(30, 160), () => {
      const u = random.next()
      const v = Math.min(1, Math.max(0, 0.5 + slope * (u - 0.5) + spread * random.normal()))
      return `<circle cx="${(x + u * w).toFixed(1)}" cy="${(y + v * h).toFixed(1)}" r="1.8" fill="${random.pick(colours)}"/>`
    })
  },
  boxes: ({ random, x, y, w, h, colours }: Frame): string => {
    const count = random.int(3, 8)
    return range(count, (i) => {
      const middle = x + (w / count) * (i + 0.5)
      const [a, b, c, d, e] = Array.from({ length: 5 }, () => y + h * random.float(0.05, 0.95)).sort((p, q) => p - q)
      const half = (w / count) * 0.25
      const line = (y1: number, y2: number): string =>
        `<line x1="${middle}" x2="${middle}" y1="${y1}" y2="${y2}" stroke="#333"/>`
      const body = `<rect x="${middle - half}" y="${b}" width="${2 * half}" height="${d! - b!}" fill="${colours[i % colours.length]}" stroke="#333"/>`
      return `${line(a!, b!)}${line(d!, e!)}${body}<line x1="${middle - half}" x2="${middle + half}" y1="${c}" y2="${c}" stroke="#000"/>`
    })
  },
}

function series(frame: Frame, draw: (points: [number, number][], colour: string, index: number) => string): string {
  const { random, x, y, w, h, colours } = frame
  return colours
    .map((colour, i) => {
      const count = random.pick([6, 10, 24, 60])
      let level = random.float(0.2, 0.8)
      const drift = random.float(-0.4, 0.4) / count
      const points = Array.from({ length: count }, (_, k): [number, number] => {
        level = Math.min(0.97, Math.max(0.03, level + drift + random.normal() * (0.35 / Math.sqrt(count * 4))))
        return [round(x + (w * k) / (count - 1)), round(y + h * (1 - level))]
      })
      return draw(points, colour, i)
    })
    .join('')
}

function axes({ random, prose, x, y, w, h, size }: Frame): string {
  const ticks = random.int(3, 6)
  const step = random.pick([0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 250])
  const grid = random.chance(0.5)
  const frame = random.chance(0.4)
  const rows = range(ticks + 1, (i) => {
    const level = y + h - (h * i) / ticks
    const rule = grid
      ? `<line x1="${x}" x2="${x + w}" y1="${level}" y2="${level}" stroke="#ddd" stroke-width="0.7"/>`
      : ''
    return rule + text(x - 5, level + size / 3, size, prose.digits(+(i * step).toFixed(1)), 'text-anchor="end"')
  })
  const years = random.chance(0.4)
  const first = prose.year()
  const words = !years && random.chance(0.4)
  const columns = range(ticks, (i) => {
    const name = words ? prose.words(1) : prose.digits(years ? first + i : i * 10)
    return text(x + (w * (i + 0.5)) / ticks, y + h + size + 4, size, name, 'text-anchor="middle"')
  })
  const lines = frame
    ? `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="none" stroke="#333"/>`
    : `<path d="M${x} ${y} V${y + h} H${x + w}" fill="none" stroke="#333"/>`
  const below = random.chance(0.6)
    ? text(x + w / 2, y + h + size * 2.6, size, prose.words(2), 'text-anchor="middle"')
    : ''
  const turned = `transform="rotate(-90 12 ${y + h / 2})" text-anchor="middle"`
  const beside = random.chance(0.6) ? text(12, y + h / 2, size, prose.words(2), turned) : ''
  return rows + columns + lines + below + beside
}

function heat({ random, prose, x, y, w, h, size }: Frame): string {
  const [rows, columns] = [random.int(4, 9), random.int(4, 12)]
  const hue = random.int(0, 360)
  const cells = range(rows * columns, (k) => {
    const value = random.next()
    const [left, top] = [x + 20 + ((w - 20) * (k % columns)) / columns, y + (h * Math.floor(k / columns)) / rows]
    return rect(left, top, (w - 20) / columns - 1, h / rows - 1, `hsl(${hue},70%,${95 - 65 * value}%)`)
  })
  const names = range(rows, (i) =>
    text(x + 14, y + (h * (i + 0.6)) / rows, size * 0.9, prose.words(1).slice(0, 9), 'text-anchor="end"'),
  )
  const below = range(columns, (i) =>
    text(x + 20 + ((w - 20) * (i + 0.5)) / columns, y + h + size + 2, size, String(i + 1), 'text-anchor="middle"'),
  )
  return cells + names + below
}

function pie(random: Random, prose: Prose, width: number, height: number): Drawing {
  const count = random.int(3, 7)
  const colours = palette(random, count)
  const shares = Array.from({ length: count }, () => random.float(0.2, 1))
  const total = shares.reduce((a, b) => a + b, 0)
  const r = Math.min(width * 0.3, height * 0.42)
  const [cx, cy] = [r + 12, height / 2]
  const hole = random.chance(0.4) ? r * random.float(0.4, 0.65) : 0
  let angle = random.float(0, 6)
  const slices = shares
    .map((share, i) => {
      const next = angle + (share / total) * 2 * Math.PI
      const at = (a: number, radius: number): string =>
        `${round(cx + radius * Math.cos(a))} ${round(cy + radius * Math.sin(a))}`
      const large = next - angle > Math.PI ? 1 : 0
      const path = `M${at(angle, hole)} L${at(angle, r)} A${r} ${r} 0 ${large} 1 ${at(next, r)} L${at(next, hole)} A${hole} ${hole} 0 ${large} 0 ${at(angle, hole)} Z`
      angle = next
      return `<path d="${path}" fill="${colours[i]}" stroke="#fff"/>`
    })
    .join('')
  const size = random.float(8.5, 11)
  const key = range(count, (i) => {
    const y = cy - count * 8 + i * 17
    const label = `${prose.words(1)} ${prose.digits(Math.round((100 * shares[i]!) / total))}%`
    return rect(2 * r + 30, y, 9, 9, colours[i]!) + text(2 * r + 44, y + 8, size, label)
  })
  return svg(width, height, slices + key)
}

export function range(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => make(i)).join('')
}

export function rect(x: number, y: number, w: number, h: number, fill: string, more = ''): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}" fill="${fill}" ${more}/>`
}

export function round(value: number): number {
  return Math.round(value * 10) / 10
}
