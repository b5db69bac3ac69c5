/** @file What a template makes: one page as HTML and CSS; and the material that it makes it of. */
import type { Split } from '../classes.js'
import { type Pixels, photo } from '../figures/index.js'
import type { Script } from '../fonts.js'
import { Random } from '../random.js'
import { formulaHtml, inlineFormula } from '../text/formula.js'
import type { Language } from '../text/language.js'
import { pickLanguage } from '../text/languages.js'
import { type Decoration, Prose } from '../text/prose.js'
import { drawTheme, type Theme, type ThemeWish } from './theme.js'
import { themeCss } from './theme-css.js'

/** A page before it is rendered. */
export interface PageMarkup {
  readonly template: string
  readonly family: string
  readonly language: Language
  /** CSS pixels. */
  readonly width: number
  readonly height: number
  readonly css: string
  /** The content of the sheet; photos are named `photo:0`, `photo:1`, … as addresses. */
  readonly html: string
  readonly photos: readonly Pixels[]
}

/** What a template's drawing returns besides what its material holds. */
export interface Sheet {
  readonly width: number
  readonly height: number
  readonly html: string
  readonly css?: string
}

export interface Template {
  readonly name: string
  readonly family: string
  /** How often it is drawn. */
  readonly weight: number
  readonly theme?: ThemeWish
  readonly scripts?: readonly Script[]
  readonly draw: (material: Material) => Sheet
}

/** Everything random of one page: words, look, pictures, running numbers. */
export class Material {
  readonly random: Random
  readonly split: Split
  readonly language: Language
  readonly prose: Prose
  readonly theme: Theme
  readonly photos: Pixels[] = []
  /** Numbers that continue over a page. They start anywhere: a page is rarely the first. */
  readonly counters: {
    figure: number
    table: number
    formula: number
    note: number
    heading: number[]
    reference: number
  }
  readonly decoration: Decoration

  constructor(random: Random, split: Split, { theme = {}, scripts }: Pick<Template, 'theme' | 'scripts'>) {
    this.random = random
    this.split = split
    this.language = pickLanguage(random.fork('language'), split, scripts)
    this.prose = new Prose(random.fork('prose'), this.language)
    this.theme = drawTheme(random.fork('theme'), split, this.language, theme)
    this.counters = {
      figure: random.int(1, 14),
      table: random.int(1, 9),
      formula: random.int(1, 40),
      note: random.int(1, 30),
      heading: [random.int(1, 9), random.int(1, 6), random.int(1, 4)],
      reference: random.int(1, 30),
    }
    const scholarly = random.chance(0.5)
    this.decoration = {
      citations: scholarly ? random.float(0, 0.3) : 0,
      emphasis: random.float(0, 0.12),
      links: random.chance(0.2) ? random.float(0, 0.2) : 0,
      formulas: scholarly && random.chance(0.4) ? random.float(0, 0.3) : 0,
      formula: () => formulaHtml(inlineFormula(this.random), false),
    }
  }

  /** Words of another language that the page's typefaces have. */
  otherProse(): Prose {
    const random = this.random.fork('other')
    return new Prose(
      random,
      pickLanguage(random, this.split, this.language.script === 'latin' ? ['latin'] : ['latin', this.language.script]),
    )
  }

  /** Adds a photo of this shape. @returns its address. */
  photo(aspect: number): string {
    this.photos.push(photo(this.random.fork(`photo${this.photos.length}`), aspect, this.random.pick([200, 280, 360])))
    return `photo:${this.photos.length - 1}`
  }
}

/** Draws a page from a template. Equal seeds give equal pages. */
export function composePage(template: Template, split: Split, seed: string): PageMarkup {
  const material = new Material(new Random(seed), split, template)
  const { width, height, html, css = '' } = template.draw(material)
  const { name, family } = template
  const { language, photos, theme } = material
  return { template: name, family, language, width, height, html, photos, css: themeCss(theme) + css }
}
