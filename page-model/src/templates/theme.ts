/** @file How a document looks: typefaces, sizes, headings, captions, tables, lists; drawn once per page. */
import type { Split } from '../classes.js'
import { css, hsl } from '../figures/index.js'
import { type Font, type FontRole, fontsFor } from '../fonts.js'
import type { Random } from '../random.js'
import type { Language } from '../text/language.js'

/** What is drawn. Sizes in CSS pixels. */
export interface Theme {
  readonly body: string
  readonly heading: string
  readonly mono: string
  readonly size: number
  readonly leading: number
  readonly align: 'justify' | 'start'
  readonly hyphens: boolean
  readonly paragraphs: 'indent' | 'space'
  readonly accent: string
  readonly ink: string
  readonly paper: string
  readonly numbering: 'none' | 'arabic' | 'arabic-dot' | 'roman' | 'letter'
  readonly headingAlign: 'start' | 'center'
  readonly headingCase: 'none' | 'upper' | 'small-caps'
  readonly headingWeight: 'bold' | 'normal'
  readonly headingStyle: 'normal' | 'italic'
  readonly headingColour: 'ink' | 'accent'
  readonly headingDress: 'none' | 'below' | 'above' | 'bar' | 'fill'
  readonly headingScale: number
  readonly captionAlign: 'start' | 'center' | 'justify'
  readonly captionLabel: 'bold' | 'plain' | 'italic' | 'small-caps' | 'accent'
  readonly captionSign: '.' | ':' | ' –' | ''
  readonly captionStyle: 'normal' | 'italic'
  readonly captionScale: number
  readonly tableDress: 'booktabs' | 'grid' | 'zebra' | 'rows' | 'fill' | 'bare'
  readonly tableScale: number
  readonly tableCaption: 'above' | 'below'
  readonly bullet: string
  readonly listIndent: number
  readonly listGap: number
  readonly listNumber: '1.' | '1)' | '(a)' | '(i)' | 'a.' | '[1]'
  readonly codeDress: 'none' | 'fill' | 'frame' | 'bar' | 'dark'
  readonly formulaAlign: 'center' | 'start'
  readonly formulaNumber: 'right' | 'left' | 'none'
  readonly noteRule: boolean
}

/** What a template fixes or narrows: any of the theme's values, and the roles of its typefaces. */
export type ThemeWish = Partial<Omit<Theme, 'body' | 'heading' | 'mono'>> & {
  /** Names of typefaces to choose from, where the script has them. */
  readonly bodyFonts?: readonly string[]
  readonly bodyRole?: FontRole
  readonly headingRole?: FontRole | 'body'
}

const BULLETS = ['•', '•', '•', '–', '▪', '◦', '‣', '*', '■', '»', '✓', '→']

export function drawTheme(random: Random, split: Split, language: Language, wish: ThemeWish): Theme {
  const { script } = language
  const role = wish.bodyRole ?? random.weighted({ serif: 5, sans: 4 })
  const fitting = fontsFor(split, script, role)
  const wanted = fitting.filter((font) => wish.bodyFonts?.includes(font.family))
  const body = random.pick(wanted.length > 0 ? wanted : fitting)
  const headingRole = wish.headingRole ?? random.weighted({ body: 5, sans: 3, serif: 1, display: 0.7 })
  const heading = headingRole === 'body' ? body : random.pick(fontsFor(split, script, headingRole))
  const latin = fontsFor(split, 'latin', body.role === 'mono' ? 'sans' : body.role)
  const mono = random.pick(fontsFor(split, 'latin', 'mono'))
  const dense = language.space === '' || script === 'korean'
  const wide = script === 'arabic' ? 1.12 : script === 'hebrew' ? 1.05 : 1
  const stack = (first: Font): string => {
    const names = [first.family, ...(first.scripts.includes('latin') ? [] : [random.pick(latin).family]), 'DejaVu Sans']
    return names.map((name) => `'${name}'`).join(', ')
  }
  const accent = css(hsl(random.next(), random.float(0.4, 0.9), random.float(0.25, 0.42)))
  const drawn: Theme = {
    body: stack(body),
    heading: stack(heading),
    mono: `'${mono.family}', ${stack(body)}`,
    size: random.float(12.4, 15.6),
    leading: dense ? random.float(1.5, 1.85) : script === 'arabic' ? random.float(1.5, 1.8) : random.float(1.16, 1.5),
    align: random.chance(0.62) ? 'justify' : 'start',
    hyphens: random.chance(0.7),
    paragraphs: random.chance(0.5) ? 'indent' : 'space',
    accent,
    ink: random.chance(0.75) ? '#000' : random.pick(['#1a1a1a', '#222', '#333', '#111827']),
    paper: random.chance(0.88) ? '#fff' : random.pick(['#fdfcf8', '#faf6ec', '#f7f7f7', '#fffef5']),
    numbering: random.weighted({ none: 4, arabic: 5, 'arabic-dot': 3, roman: 0.8, letter: 0.5 }),
    headingAlign: random.chance(0.8) ? 'start' : 'center',
    headingCase: script === 'latin' ? random.weighted({ none: 7, upper: 2, 'small-caps': 1 }) : 'none',
    headingWeight: random.chance(0.8) ? 'bold' : 'normal',
    headingStyle: script === 'latin' && random.chance(0.12) ? 'italic' : 'normal',
    headingColour: random.chance(0.7) ? 'ink' : 'accent',
    headingDress: random.weighted({ none: 8, below: 1.6, above: 0.5, bar: 0.7, fill: 0.5 }),
    headingScale: random.float(1.05, 1.5),
    captionAlign: random.weighted({ start: 3, center: 4, justify: 2 }),
    captionLabel: random.weighted({ bold: 5, plain: 4, italic: 1, 'small-caps': 1, accent: 1 }),
    captionSign: random.pick(['.', ':', ':', '.', ' –', '']),
    captionStyle: script === 'latin' && random.chance(0.25) ? 'italic' : 'normal',
    captionScale: random.float(0.8, 1),
    tableDress: random.weighted({ booktabs: 4, grid: 3, zebra: 2, rows: 2, fill: 2, bare: 1 }),
    tableScale: random.float(0.78, 1),
    tableCaption: random.chance(0.6) ? 'above' : 'below',
    bullet: random.pick(BULLETS),
    listIndent: random.float(0, 1.8),
    listGap: random.pick([0, 0, 0.2, 0.4, 0.7]),
    listNumber: random.pick(['1.', '1.', '1)', '(a)', '(i)', 'a.']),
    codeDress: random.weighted({ none: 3, fill: 4, frame: 2, bar: 1, dark: 0.8 }),
    formulaAlign: random.chance(0.85) ? 'center' : 'start',
    formulaNumber: random.weighted({ right: 6, none: 3, left: 1.6 }),
    noteRule: random.chance(0.75),
  }
  const { bodyFonts: _fonts, bodyRole: _role, headingRole: _heading, ...fixed } = wish
  const theme = { ...drawn, ...fixed }
  // Scripts without room above and below their letters need more between the lines, whatever a template wishes.
  const leading = dense
    ? Math.max(1.45, theme.leading)
    : script === 'arabic'
      ? Math.max(1.5, theme.leading)
      : theme.leading
  return { ...theme, leading, size: theme.size * wide * (dense ? 0.95 : 1) }
}
