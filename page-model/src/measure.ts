/** @file Reads regions from the page's DOM: which class, and the rectangles that its text or its box occupies. */
import type { PageClass } from './classes.js'

/** left, top, right, bottom in CSS pixels. */
export type Rect = readonly [left: number, top: number, right: number, bottom: number]

/** One region, or the part of one that lies in one column. */
export interface MeasuredRegion {
  readonly name: PageClass
  /** Runs of text in reading order; one rectangle where the whole box counts (tables, pictures, formulas). */
  readonly rects: readonly Rect[]
}

export interface Measured {
  readonly regions: readonly MeasuredRegion[]
  /** Readable text outside all regions, which a template must not have. */
  readonly stray: readonly string[]
  /** Regions wider than the column that they stand in. */
  readonly tooWide: readonly string[]
}

/** Runs inside the page: it may use nothing from outside its body. */
export function measurePage(): Measured {
  type Four = [number, number, number, number]
  const four = (r: DOMRect): Four => [r.left, r.top, r.right, r.bottom]
  const clipsOf = (element: Element): Four[] => {
    const out: Four[] = []
    for (let at = element.parentElement; at !== null; at = at.parentElement) {
      if (at.matches('.flow, .bleed, .sheet, .clip')) out.push(four(at.getBoundingClientRect()))
    }
    return out
  }
  const clip = ([l, t, r, b]: Four, clips: readonly Four[]): Four | undefined => {
    const [x, y] = [(l + r) / 2, (t + b) / 2]
    if (!clips.every((c) => x > c[0] && x < c[2] && y > c[1] && y < c[3])) return undefined
    return [
      Math.max(l, ...clips.map((c) => c[0])),
      Math.max(t, ...clips.map((c) => c[1])),
      Math.min(r, ...clips.map((c) => c[2])),
      Math.min(b, ...clips.map((c) => c[3])),
    ]
  }
  // The boxes of glyphs reach into the neighbouring lines where lines are set tight.
  const textRects = (node: Text): Four[] => {
    const range = document.createRange()
    range.selectNodeContents(node)
    const style = getComputedStyle(node.parentElement!)
    const [leading, size] = [Number.parseFloat(style.lineHeight), Number.parseFloat(style.fontSize)]
    return [...range.getClientRects()]
      .filter((r) => r.width > 0.5 && r.height > 0.5)
      .map((r): Four => {
        // Raised marks have no line height, so that they do not spread the lines.
        const most = leading >= size * 0.9 ? leading : size * 1.05
        const spare = Math.max(-1, (r.height - most) / 2)
        return [r.left, r.top + spare, r.right, r.bottom - spare]
      })
  }
  const visible = (node: Text): boolean =>
    node.data.trim() !== '' && getComputedStyle(node.parentElement!).visibility === 'visible'

  const regions: { name: PageClass; rects: Four[] }[] = []
  const tooWide: string[] = []
  for (const element of document.querySelectorAll<HTMLElement>('[data-c]')) {
    const name = element.dataset['c'] as PageClass
    const clips = clipsOf(element)
    const parts = [...element.getClientRects()].map(four)
    if (parts.length === 0) continue
    let rects: Four[]
    if (name === 'Picture' || name === 'Table') rects = parts
    else {
      rects = []
      if (name === 'Formula')
        rects.push(...[...element.querySelectorAll('.base')].map((base) => four(base.getBoundingClientRect())))
      const [first, no] = [rects[0], element.querySelector('.no')?.getBoundingClientRect()]
      if (
        first !== undefined &&
        no !== undefined &&
        no.left < Math.max(...rects.map((r) => r[2])) &&
        no.right > first[0]
      )
        tooWide.push('Formula: reaches its number')
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode() as Text | null; node !== null; node = walker.nextNode() as Text | null) {
        if (name === 'Formula' && node.parentElement!.closest('.base') !== null) continue
        if (visible(node) && node.parentElement!.closest('[data-c]') === element) rects.push(...textRects(node))
      }
    }
    const inline = getComputedStyle(element).display === 'inline'
    const groups = (inline ? [parts[0]!] : parts).map((): Four[] => [])
    for (const rect of rects) {
      const inside = clip(rect, clips)
      if (inside === undefined) continue
      if (clips.some((c) => rect[0] < c[0] - 3 || rect[2] > c[2] + 3))
        tooWide.push(`${name}: ${element.textContent.slice(0, 40)}`)
      const [x, y] = [(rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2]
      const distance = (p: Four): number => Math.max(p[0] - x, 0, x - p[2]) + Math.max(p[1] - y, 0, y - p[3])
      const away = groups.map((_, i) => distance(parts[i]!))
      groups[away.indexOf(Math.min(...away))]!.push(inside)
    }
    for (const group of groups) if (group.length > 0) regions.push({ name, rects: group })
  }

  const stray: string[] = []
  const all = document.createTreeWalker(document.querySelector('.sheet')!, NodeFilter.SHOW_TEXT)
  for (let node = all.nextNode() as Text | null; node !== null; node = all.nextNode() as Text | null) {
    if (!visible(node) || node.parentElement!.closest('[data-c]') !== null) continue
    const clips = clipsOf(node.parentElement!)
    if (textRects(node).some((rect) => clip(rect, clips) !== undefined)) stray.push(node.data.trim().slice(0, 40))
  }
  return { regions, stray, tooWide }
}
