/** @file Formulas: TeX sources drawn from a grammar, set by KaTeX. */
import katex from 'katex'
import type { Random } from '../random.js'

const LETTERS = [
  'x',
  'y',
  'z',
  'u',
  'v',
  'w',
  'a',
  'b',
  'c',
  'f',
  'g',
  'h',
  'p',
  'q',
  't',
  's',
  'A',
  'B',
  'M',
  'X',
  'Q',
  'W',
]
const GREEK = [
  '\\alpha',
  '\\beta',
  '\\gamma',
  '\\theta',
  '\\lambda',
  '\\mu',
  '\\sigma',
  '\\phi',
  '\\omega',
  '\\Omega',
  '\\rho',
]
const FUNCTIONS = ['\\sin', '\\cos', '\\log', '\\exp', '\\ln', '\\max', '\\min', '\\det', '\\tanh']
const RELATIONS = ['=', '=', '=', '\\le', '\\ge', '\\approx', '\\equiv', '<', '\\propto', ':=']
const INDICES = ['i', 'j', 'k', 'n', 'm', '0', '1', '2', 't', '\\max']

function symbol(random: Random): string {
  const base = random.chance(0.7) ? random.pick(LETTERS) : random.pick(GREEK)
  const dressed = random.chance(0.08) ? `\\${random.pick(['hat', 'bar', 'tilde', 'vec', 'dot'])}{${base}}` : base
  const lower = random.chance(0.4) ? `_{${random.pick(INDICES)}}` : ''
  const upper = random.chance(0.2) ? `^{${random.pick(['2', '3', 'n', '-1', 'T', '*', '\\prime'])}}` : ''
  return `${random.chance(0.06) ? `\\mathbf{${random.pick(LETTERS)}}` : dressed}${lower}${upper}`
}

function term(random: Random, depth: number): string {
  if (depth <= 0) return random.chance(0.2) ? String(random.int(1, 9)) : symbol(random)
  const inner = (): string => sum(random, depth - 1)
  switch (
    random.weighted({ symbol: 5, fraction: 3, root: 1, call: 2, sum: 2, integral: 1, brackets: 2, power: 1, norm: 1 })
  ) {
    case 'fraction':
      return `\\frac{${inner()}}{${inner()}}`
    case 'root':
      return `\\sqrt{${inner()}}`
    case 'call':
      return `${random.pick(FUNCTIONS)}\\left(${inner()}\\right)`
    case 'sum': {
      const sign = random.pick(['\\sum', '\\prod', '\\bigcup', '\\sum'])
      return `${sign}_{${random.pick(['i', 'j', 'k'])}=${random.int(0, 1)}}^{${random.pick(['n', 'N', 'm', '\\infty'])}} ${term(random, depth - 1)}`
    }
    case 'integral':
      return `\\int_{${random.pick(['0', 'a', '-\\infty', '\\Omega'])}}^{${random.pick(['1', 'b', '\\infty', 't'])}} ${term(random, depth - 1)}\\,d${random.pick(['x', 't', 's'])}`
    case 'brackets':
      return `\\left(${inner()}\\right)${random.chance(0.4) ? '^2' : ''}`
    case 'power':
      return `e^{${random.chance(0.5) ? '-' : ''}${term(random, 0)}}`
    case 'norm':
      return `\\left\\| ${inner()} \\right\\|${random.chance(0.5) ? '_2' : ''}`
    default:
      return symbol(random)
  }
}

function sum(random: Random, depth: number): string {
  const parts = [term(random, depth)]
  while (parts.length < 4 && random.chance(0.45))
    parts.push(random.pick(['+', '-', '\\cdot', '+']), term(random, depth - 1))
  return parts.join(' ')
}

function matrix(random: Random): string {
  const [rows, columns] = [random.int(2, 3), random.int(2, 3)]
  const cells = Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => (random.chance(0.4) ? String(random.int(0, 9)) : symbol(random))).join(' & '),
  )
  const kind = random.pick(['pmatrix', 'bmatrix', 'vmatrix'])
  return `\\begin{${kind}} ${cells.join(' \\\\ ')} \\end{${kind}}`
}

function equation(random: Random): string {
  return `${symbol(random)}${random.chance(0.3) ? `(${random.pick(LETTERS)})` : ''} ${random.pick(RELATIONS)} ${sum(random, random.int(1, 2))}`
}

/** TeX of a display formula. */
export function displayFormula(random: Random): string {
  switch (random.weighted({ one: 7, aligned: 2, cases: 1, matrix: 1 })) {
    case 'aligned': {
      const lines = Array.from({ length: random.int(2, 3) }, () => `${random.pick(RELATIONS)} ${sum(random, 1)}`)
      return `\\begin{aligned} ${symbol(random)} &${lines.join(' \\\\ &')} \\end{aligned}`
    }
    case 'cases': {
      const lines = Array.from(
        { length: random.int(2, 3) },
        () => `${sum(random, 1)} & \\text{if } ${symbol(random)} > 0`,
      )
      return `${symbol(random)} = \\begin{cases} ${lines.join(' \\\\ ')} \\end{cases}`
    }
    case 'matrix':
      return `${symbol(random)} = ${matrix(random)} ${random.chance(0.5) ? matrix(random) : symbol(random)}`
    default:
      return equation(random)
  }
}

/** TeX of a formula inside a sentence. */
export function inlineFormula(random: Random): string {
  if (random.chance(0.5)) return symbol(random)
  return `${symbol(random)} ${random.pick(RELATIONS)} ${sum(random, 0)}`
}

export function formulaHtml(tex: string, display: boolean): string {
  return katex.renderToString(tex, { displayMode: display, output: 'html', throwOnError: true })
}
