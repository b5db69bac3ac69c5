/** @file HTML as text: escaping, and elements that measuring knows by their `data-c` attribute. */
import type { PageClass } from './classes.js'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign]!)
}

export interface RegionOptions {
  readonly tag?: string
  /** CSS classes. */
  readonly as?: string
  readonly style?: string
}

/** An element whose ink is one labelled region, or one per column that it is divided into. */
export function region(
  name: PageClass,
  html: string,
  { tag = 'div', as = '', style = '' }: RegionOptions = {},
): string {
  return `<${tag} data-c="${name}"${attribute('class', as)}${attribute('style', style)}>${html}</${tag}>`
}

export function box(html: string, as: string, style = ''): string {
  return `<div${attribute('class', as)}${attribute('style', style)}>${html}</div>`
}

function attribute(name: string, value: string): string {
  return value === '' ? '' : ` ${name}="${escapeHtml(value)}"`
}
