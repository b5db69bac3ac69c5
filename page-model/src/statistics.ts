/** @file What a set of pages holds, in words. */
import { PAGE_CLASSES } from './classes.js'
import type { PageRecord } from './dataset.js'

function counted(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}

const shown = (pairs: readonly [string, number][]): string =>
  pairs.map(([name, count]) => `${name} ${count}`).join(', ')

/** Boxes by class with their share, pages by template and language, and what was drawn anew and why. */
export function describe(records: readonly PageRecord[]): string {
  const labels = records.flatMap(({ objects }) => objects.map(([label]) => label))
  const sizes = records.map(({ objects }) => objects.length).sort((a, b) => a - b)
  const lines = [
    `${records.length} pages, ${labels.length} boxes; per page ${sizes[0] ?? 0} to ${sizes.at(-1) ?? 0}, median ${sizes[sizes.length >> 1] ?? 0}`,
  ]
  for (const [i, name] of PAGE_CLASSES.entries()) {
    const count = labels.filter((label) => label === i).length
    const pages = records.filter(({ objects }) => objects.some(([label]) => label === i)).length
    lines.push(
      `  ${name.padEnd(15)} ${String(count).padStart(6)} boxes ${((100 * count) / labels.length).toFixed(1).padStart(5)} %  on ${pages} pages`,
    )
  }
  const templates = counted(records.map(({ template }) => template))
  lines.push(`templates (${templates.length}): ${shown(templates)}`)
  lines.push(`languages: ${shown(counted(records.map(({ language }) => language)))}`)
  const rejected = records.flatMap((record) => record.rejected.map((text) => text.replace(/: (.*?:).*/, ': $1')))
  lines.push(`drawn anew ${rejected.length} times: ${shown(counted(rejected).slice(0, 12))}`)
  return lines.join('\n')
}
