/** @file A theme as a style sheet. */
import type { Theme } from './theme.js'

export function themeCss(theme: Theme): string {
  const heading = theme.headingColour === 'accent' ? theme.accent : 'inherit'
  return `
* { box-sizing: border-box; }
.sheet { position: relative; overflow: hidden; background: ${theme.paper}; color: ${theme.ink}; font-family: ${theme.body};
  font-size: ${theme.size.toFixed(2)}px; line-height: ${theme.leading.toFixed(3)}; font-kerning: normal; }
.sheet code, .code { font-family: ${theme.mono}; }
.sheet a { color: ${theme.accent}; text-decoration: none; }
.flow { overflow: hidden; column-fill: auto; }
.p { margin: 0; text-align: ${theme.align}; hyphens: ${theme.hyphens && theme.align === 'justify' ? 'auto' : 'manual'};
  orphans: 2; widows: 2; overflow-wrap: break-word; }
${theme.paragraphs === 'indent' ? '.p + .p { text-indent: 1.5em; }' : '.p { margin-block-end: 0.65em; }'}
.p code { font-size: 0.88em; }
.h { font-family: ${theme.heading}; font-weight: ${theme.headingWeight}; font-style: ${theme.headingStyle}; color: ${heading};
  text-align: ${theme.headingAlign}; line-height: 1.2; break-after: avoid; break-inside: avoid; margin: 1.1em 0 0.5em; ${cased(theme)} }
.h1 { font-size: ${(theme.headingScale * 1.18).toFixed(2)}em; }
.h2 { font-size: ${Math.max(1, theme.headingScale).toFixed(2)}em; }
.h3 { font-size: 1em; margin-block: 0.8em 0.3em; }
.h1, .h2.dressed { ${dress(theme)} }
.flow > .h:first-child, .flow > .fig:first-child { margin-block-start: 0; }
.list { margin: 0.4em 0 0.7em; padding-inline-start: ${theme.listIndent.toFixed(2)}em; }
.item { position: relative; padding-inline-start: 1.6em; margin-block-end: ${theme.listGap}em; text-align: ${theme.align}; }
.item .mark { position: absolute; inset-inline-start: 0; }
.item.deep { margin-inline-start: 1.6em; }
.item.wide { padding-inline-start: 2.5em; }
.fig { margin: 0.9em 0; break-inside: avoid; }
.fig .pic { margin-inline: auto; }
.pic svg { direction: ltr; }
.pic svg text { font-family: ${theme.heading}; }
.cap { font-size: ${theme.captionScale.toFixed(2)}em; text-align: ${theme.captionAlign}; font-style: ${theme.captionStyle};
  margin: 0.45em 0; line-height: 1.25; }
.cap .label { ${captionLabel(theme)} }
.tab { border-collapse: collapse; margin-inline: auto; font-size: ${theme.tableScale.toFixed(2)}em; line-height: 1.25; text-align: start; }
.tab td, .tab th { padding: 0.22em 0.55em; vertical-align: top; text-align: start; }
.tab .num { text-align: end; font-variant-numeric: tabular-nums; }
${tableCss(theme)}
.formula { margin: 0.75em 0; display: flex; align-items: center; justify-content: ${theme.formulaAlign}; break-inside: avoid;
  position: relative; direction: ltr; }
.formula .katex-display { margin: 0; }
.formula .katex { font-size: 1.06em; line-height: 1.2; }
.formula .no { position: absolute; ${theme.formulaNumber === 'left' ? 'left' : 'right'}: 0; }
.formula.start { padding-left: 2em; }
.code { margin: 0.7em 0; white-space: pre; font-size: 0.82em; line-height: 1.3; direction: ltr; text-align: left; overflow: hidden; ${codeDress(theme)} }
.notes { font-size: 0.8em; line-height: 1.25; }
.notes.ruled::before { content: ''; display: block; width: 30%; border-top: 0.8px solid currentColor; margin-bottom: 0.5em; }
.note { text-align: ${theme.align}; margin-block-end: 0.15em; }
.note sup, .p sup { line-height: 0; font-size: 0.7em; }
.quote { margin: 0.7em 2em; }
.run { position: absolute; display: flex; justify-content: space-between; align-items: baseline; font-size: 0.85em; line-height: 1.2; }
`
}

function cased({ headingCase }: Theme): string {
  if (headingCase === 'upper') return 'text-transform: uppercase; letter-spacing: 0.03em;'
  return headingCase === 'small-caps' ? 'font-variant: small-caps;' : ''
}

function dress({ headingDress, accent, headingColour }: Theme): string {
  const line = headingColour === 'accent' ? accent : 'currentColor'
  switch (headingDress) {
    case 'below':
      return `border-bottom: 1px solid ${line}; padding-bottom: 0.15em;`
    case 'above':
      return `border-top: 1px solid ${line}; padding-top: 0.3em;`
    case 'bar':
      return `border-inline-start: 5px solid ${accent}; padding-inline-start: 0.5em;`
    case 'fill':
      return `background: ${accent}; color: #fff; padding: 0.2em 0.5em;`
    default:
      return ''
  }
}

function captionLabel({ captionLabel, accent }: Theme): string {
  switch (captionLabel) {
    case 'bold':
      return 'font-weight: bold;'
    case 'italic':
      return 'font-style: italic;'
    case 'small-caps':
      return 'font-variant: small-caps;'
    case 'accent':
      return `color: ${accent}; font-weight: bold;`
    default:
      return ''
  }
}

function tableCss({ tableDress, accent }: Theme): string {
  switch (tableDress) {
    case 'booktabs':
      return '.tab { border-block: 1.4px solid currentColor; } .tab tr.head th { border-bottom: 0.8px solid currentColor; }'
    case 'grid':
      return '.tab td, .tab th { border: 0.8px solid currentColor; }'
    case 'zebra':
      return `.tab tr:nth-child(even) td { background: #e8ebee; color: #111; } .tab tr.head th { border-bottom: 1.5px solid ${accent}; }`
    case 'rows':
      return '.tab tr { border-bottom: 0.8px solid #999; } .tab tr.head { border-bottom: 1.5px solid currentColor; }'
    case 'fill':
      return `.tab tr.head th { background: ${accent}; color: #fff; } .tab td { border-bottom: 0.8px solid #aaa; }`
    default:
      return '.tab tr.head th { font-weight: bold; }'
  }
}

function codeDress({ codeDress, accent }: Theme): string {
  switch (codeDress) {
    case 'fill':
      return 'background: #eff1f3; color: #111; padding: 0.6em 0.8em;'
    case 'frame':
      return 'border: 0.8px solid #777; padding: 0.6em 0.8em;'
    case 'bar':
      return `border-left: 3px solid ${accent}; padding-left: 0.8em;`
    case 'dark':
      return 'background: #1f2430; color: #dfe4ea; padding: 0.7em 0.9em;'
    default:
      return 'padding-left: 1.5em;'
  }
}
