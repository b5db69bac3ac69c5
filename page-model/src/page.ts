/** @file One labelled page, from a seed: drawn, measured, checked, and drawn anew where parts collide. */
import type { Split } from './classes.js'
import { inkOf, type LabelledBox, type Raster, union } from './ink.js'
import type { Rect } from './measure.js'
import { Random } from './random.js'
import type { Renderer } from './render.js'
import { drawScan, type Scan, scanPage } from './scan.js'
import { composePage, pickTemplate } from './templates/index.js'

export interface LabelledPage {
  readonly raster: Raster
  readonly boxes: readonly LabelledBox[]
  readonly template: string
  readonly family: string
  readonly language: string
  readonly scan: Scan
  /** Why earlier attempts were given up. */
  readonly rejected: readonly string[]
}

export interface PageOptions {
  /** Only this template. */
  readonly template?: string
  /** Pixels of the longer side. */
  readonly size?: number
  /** As a printer's file, without marks of a scanner. */
  readonly clean?: boolean
}

/** @throws Error when no attempt gives a page without collisions: a fault of the template. */
export async function labelledPage(
  renderer: Renderer,
  split: Split,
  seed: string,
  options: PageOptions = {},
): Promise<LabelledPage> {
  const { size = 960, clean = false } = options
  const rejected: string[] = []
  for (let attempt = 0; attempt < 12; attempt++) {
    const random = new Random(`${seed}#${attempt}`)
    const markup = composePage(
      pickTemplate(random.fork('template'), split, options.template),
      split,
      `${seed}#${attempt}`,
    )
    const scan = drawScan(random.fork('scan'), clean)
    const target = size / Math.max(markup.width, markup.height)
    const { raster, regions, stray, tooWide } = await renderer.render(markup, target * scan.oversampling, scan.pdf)
    const scale = raster.width / markup.width
    const inked = regions.flatMap((region) => inkOf(raster, region, scale) ?? [])
    const boxes = inked.map(({ name, runs }) => ({ name, box: union(runs) }))
    const fault =
      tooWide[0] ?? (stray.length > 0 ? `stray: ${stray[0]}` : undefined) ?? collision(boxes) ?? lacking(boxes)
    if (fault !== undefined) {
      rejected.push(`${markup.template}: ${fault}`)
      continue
    }
    const finished = await scanPage(raster, inked, scan, random.fork('noise'))
    return {
      ...finished,
      template: markup.template,
      family: markup.family,
      language: markup.language.code,
      scan,
      rejected,
    }
  }
  throw new Error(`page ${seed}: ${rejected.join('; ')}`)
}

/** Two boxes that share more than ink may: a fifth of the smaller one. */
function collision(boxes: readonly LabelledBox[]): string | undefined {
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) {
      const w = Math.min(a.box[2], b.box[2]) - Math.max(a.box[0], b.box[0])
      const h = Math.min(a.box[3], b.box[3]) - Math.max(a.box[1], b.box[1])
      if (w > 0 && h > 0 && w * h > 0.12 * Math.min(area(a.box), area(b.box))) return `${a.name} on ${b.name}`
    }
  }
  return undefined
}

function lacking(boxes: readonly LabelledBox[]): string | undefined {
  if (boxes.length < 2) return 'nearly empty'
  return boxes.length > 190 ? 'too many parts' : undefined
}

function area([l, t, r, b]: Rect): number {
  return (r - l) * (b - t)
}
