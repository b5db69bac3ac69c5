/** @file A page of one column between margins. */
import { box } from '../markup.js'
import type { Sheet } from './page.js'
import type { Geometry } from './running.js'

/** @param fixed what is placed by its own coordinates: head, foot, ornaments. @param html what flows between the margins. */
export function placed(g: Geometry, fixed: string, html: string, css = ''): Sheet {
  const inner = box(html, 'flow', 'columns:1;height:100%')
  return {
    width: g.width,
    height: g.height,
    html:
      fixed +
      box(inner, '', `position:absolute;left:${g.left}px;right:${g.right}px;top:${g.top}px;bottom:${g.bottom}px`),
    css,
  }
}
