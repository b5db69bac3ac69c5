/** @file The typefaces, which split may use them, and their @font-face rules. Validation pages have typefaces of their own. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Split } from './classes.js'

/** Writing systems that the generated texts use. */
export type Script = 'latin' | 'cyrillic' | 'greek' | 'arabic' | 'hebrew' | 'chinese' | 'japanese' | 'korean'

export type FontRole = 'serif' | 'sans' | 'mono' | 'display'

/** A typeface. */
export interface Font {
  /** The name in CSS. */
  readonly family: string
  readonly package: string
  readonly role: FontRole
  readonly scripts: readonly Script[]
  readonly split: Split
}

const L: readonly Script[] = ['latin']
const LC: readonly Script[] = ['latin', 'cyrillic']
const LCG: readonly Script[] = ['latin', 'cyrillic', 'greek']

function source(name: string, role: FontRole, scripts: readonly Script[], split: Split): Font {
  const id = name.toLowerCase().replaceAll(' ', '-')
  return { family: name, package: `@fontsource/${id}`, role, scripts, split }
}

function variable(name: string, role: FontRole, scripts: readonly Script[], split: Split): Font {
  const id = name.toLowerCase().replaceAll(' ', '-')
  return { family: `${name} Variable`, package: `@fontsource-variable/${id}`, role, scripts, split }
}

function modern(family: string, role: FontRole): Font {
  return { family, package: 'computer-modern', role, scripts: LCG, split: 'train' }
}

export const FONTS: readonly Font[] = [
  modern('CMU Serif', 'serif'),
  modern('CMU Sans Serif', 'sans'),
  modern('CMU Bright', 'sans'),
  modern('CMU Typewriter Text', 'mono'),
  source('Tinos', 'serif', LCG, 'train'),
  source('Noto Serif', 'serif', LCG, 'train'),
  source('Source Serif 4', 'serif', LCG, 'train'),
  source('EB Garamond', 'serif', LCG, 'train'),
  source('PT Serif', 'serif', LC, 'train'),
  source('Libre Baskerville', 'serif', L, 'train'),
  source('Roboto Slab', 'serif', LCG, 'train'),
  source('Arimo', 'sans', LCG, 'train'),
  source('Noto Sans', 'sans', LCG, 'train'),
  source('Roboto', 'sans', LCG, 'train'),
  source('Open Sans', 'sans', LCG, 'train'),
  source('IBM Plex Sans', 'sans', LCG, 'train'),
  source('Lato', 'sans', L, 'train'),
  source('Oswald', 'display', LC, 'train'),
  source('Cousine', 'mono', LCG, 'train'),
  source('IBM Plex Mono', 'mono', LC, 'train'),
  source('Source Code Pro', 'mono', LCG, 'train'),
  source('Amiri', 'serif', ['arabic'], 'train'),
  source('Noto Naskh Arabic', 'serif', ['arabic'], 'train'),
  source('Noto Sans Arabic', 'sans', ['arabic'], 'train'),
  source('Frank Ruhl Libre', 'serif', ['hebrew'], 'train'),
  source('Heebo', 'sans', ['hebrew'], 'train'),
  variable('Noto Serif SC', 'serif', ['chinese'], 'train'),
  variable('Noto Sans SC', 'sans', ['chinese'], 'train'),
  variable('Noto Serif JP', 'serif', ['japanese'], 'train'),
  variable('Noto Sans JP', 'sans', ['japanese'], 'train'),
  variable('Noto Sans KR', 'sans', ['korean'], 'train'),

  source('STIX Two Text', 'serif', LCG, 'val'),
  source('Literata', 'serif', LCG, 'val'),
  source('Gelasio', 'serif', L, 'val'),
  source('Zilla Slab', 'serif', L, 'val'),
  source('Fira Sans', 'sans', LCG, 'val'),
  source('Work Sans', 'sans', L, 'val'),
  source('Nunito Sans', 'sans', LC, 'val'),
  source('Barlow Condensed', 'display', L, 'val'),
  source('Fira Mono', 'mono', LCG, 'val'),
  source('Vazirmatn', 'sans', ['arabic'], 'val'),
  source('David Libre', 'serif', ['hebrew'], 'val'),
  source('LXGW WenKai TC', 'serif', ['chinese'], 'val'),
  source('Zen Old Mincho', 'serif', ['japanese'], 'val'),
  source('Gowun Batang', 'serif', ['korean'], 'val'),
]

/** Typefaces of a split that have a script; of a role, where the script has one of that role. */
export function fontsFor(split: Split, script: Script, role: FontRole): readonly Font[] {
  const able = FONTS.filter((font) => font.split === split && font.scripts.includes(script))
  const fitting = able.filter((font) => font.role === role)
  if (fitting.length > 0) return fitting
  return able.filter((font) => font.role === 'sans' || font.role === 'serif')
}

const require = createRequire(import.meta.url)

/** A file that a rule names, and the address under which the page asks for it. */
export interface FontFiles {
  /** @font-face rules of all typefaces. A browser fetches only what a page uses. */
  readonly css: string
  /** Address path to file. */
  readonly files: ReadonlyMap<string, string>
}

/** The rules of all typefaces, with addresses below `/fonts/`. */
export function fontFaces(): FontFiles {
  const files = new Map<string, string>()
  const css = FONTS.map((font) => {
    const folder = dirname(require.resolve(`${font.package}/package.json`))
    const text = font.package === 'computer-modern' ? modernRules(font.family) : sheets(folder, font)
    return text.replaceAll(/url\(["']?\.\/([^)"']+)["']?\)/g, (_, name: string) => {
      const address = `/fonts/${font.package}/${name}`
      files.set(address, join(folder, name))
      return `url(${address})`
    })
  })
  const katex = dirname(require.resolve('katex/package.json'))
  const rules = readFileSync(join(katex, 'dist/katex.min.css'), 'utf8').replaceAll(
    /url\((fonts\/[^)]+)\)/g,
    (_, name: string) => {
      files.set(`/fonts/katex/${name}`, join(katex, 'dist', name))
      return `url(/fonts/katex/${name})`
    },
  )
  return { css: [...css, rules].join('\n').replaceAll('font-display:swap', 'font-display:block'), files }
}

function sheets(folder: string, font: Font): string {
  if (font.package.startsWith('@fontsource-variable/')) return readFileSync(join(folder, 'index.css'), 'utf8')
  const names = ['400.css', '400-italic.css', '700.css', '700-italic.css']
  return names.map((name) => readIfThere(join(folder, name))).join('\n')
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The package's own sheets call the upright style `roman`, which CSS does not know. */
function modernRules(family: string): string {
  const id = family.toLowerCase().replaceAll(' ', '-')
  return MODERN.map(([file, weight, style]) => {
    const url = `url(./fonts/${id}-${file}.woff2) format('woff2')`
    return `@font-face { font-family: '${family}'; font-weight: ${weight}; font-style: ${style}; src: ${url}; }`
  }).join('\n')
}

const MODERN = [
  ['500-roman', 400, 'normal'],
  ['500-italic', 400, 'italic'],
  ['700-roman', 700, 'normal'],
  ['700-italic', 700, 'italic'],
] as const
