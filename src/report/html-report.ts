/** @file A page that needs nothing but itself: text, tables and pictures in one HTML file, light and dark, without scripts. */

/** A table; the first row is its heading. */
export interface ReportTable {
  readonly kind: 'table'
  readonly rows: readonly (readonly string[])[]
  /** Columns of text, from the left; the rest are numbers and stand on the right. 1 unless said. */
  readonly textColumns?: number
}

/** A picture with what it shows, for those who cannot see it and as a caption. */
export interface ReportPicture {
  readonly kind: 'picture'
  readonly bytes: Uint8Array
  readonly type: 'image/png' | 'image/jpeg'
  readonly width: number
  readonly height: number
  readonly caption: string
}

/** A paragraph, or several as a list. */
export interface ReportText {
  readonly kind: 'text'
  readonly lines: readonly string[]
}

/** A part of the page under a heading. */
export interface ReportSection {
  readonly title: string
  readonly blocks: readonly (ReportTable | ReportPicture | ReportText)[]
}

/** A page. */
export interface ReportPage {
  readonly title: string
  readonly subtitle: string
  /** Figures at the top, in large type. */
  readonly figures: readonly { readonly name: string; readonly value: string; readonly note?: string }[]
  /** Those without blocks are left out. */
  readonly sections: readonly ReportSection[]
}

/** The page as one HTML text. Every text may hold anything: it is escaped. */
export function htmlReport({ title, subtitle, figures, sections }: ReportPage): string {
  const shown = sections.filter(({ blocks }) => blocks.length > 0)
  const links = shown.map((section, i) => `<a href="#s${i + 1}">${escapeHtml(section.title)}</a>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="subtitle">${escapeHtml(subtitle)}</p>
${figures.length === 0 ? '' : `<dl class="figures">\n${figures.map(figureHtml).join('\n')}\n</dl>\n`}${shown.length < 2 ? '' : `<nav>${links.join('\n')}</nav>\n`}</header>
<main>
${shown.map(sectionHtml).join('\n')}
</main>
</body>
</html>
`
}

/** Text that may stand between tags and in quoted attributes; characters that HTML forbids become U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replace(FORBIDDEN, '\u{fffd}').replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Control characters but tab and line ends, halves of characters, and those that turn the direction of all text after them. */
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\p{Cs}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu

function figureHtml({ name, value, note }: ReportPage['figures'][number]): string {
  const small = note === undefined ? '' : `<dd class="note">${escapeHtml(note)}</dd>`
  return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>${small}</div>`
}

function sectionHtml({ title, blocks }: ReportSection, i: number): string {
  return `<section id="s${i + 1}">\n<h2>${escapeHtml(title)}</h2>\n${blocks.map(blockHtml).join('\n')}\n</section>`
}

function blockHtml(block: ReportSection['blocks'][number]): string {
  switch (block.kind) {
    case 'text': {
      const [only] = block.lines
      if (block.lines.length === 1) return `<p>${escapeHtml(only!)}</p>`
      return `<ul>\n${block.lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}\n</ul>`
    }
    case 'picture': {
      const { type, width, height, caption } = block
      const source = `data:${type};base64,${base64(block.bytes)}`
      const words = escapeHtml(caption)
      const image = `<img src="${source}" width="${width}" height="${height}" alt="${words}" loading="lazy">`
      return `<figure>${image}<figcaption>${words}</figcaption></figure>`
    }
    default:
      return tableHtml(block)
  }
}

function tableHtml({ rows, textColumns = 1 }: ReportTable): string {
  const kind = (i: number): string => (i < textColumns ? '' : ' class="number"')
  const [heading = [], ...body] = rows
  const head = heading.map((cell, i) => `<th${kind(i)} scope="col">${escapeHtml(cell)}</th>`).join('')
  const lines = body.map((row) => `<tr>${row.map((cell, i) => `<td${kind(i)}>${escapeHtml(cell)}</td>`).join('')}</tr>`)
  return `<div class="table"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${lines.join('\n')}\n</tbody>\n</table></div>`
}

/** Characters of a string that `btoa` is given at a time; more are too many arguments for one call. */
const CHUNK = 3 * 8192

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += CHUNK) text += btoa(String.fromCharCode(...bytes.subarray(at, at + CHUNK)))
  return text
}

const STYLE = `
:root{--paper:#fff;--ink:#1c2026;--faint:#5c646e;--line:#dfe3e8;--panel:#f6f7f9;--accent:#0b5fa8}
@media (prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e6e8eb;--faint:#9aa3ad;--line:#30363d;--panel:#1d2126;--accent:#6cb2f0}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem clamp(1rem,4vw,3rem) 5rem;max-width:76rem;background:var(--paper);color:var(--ink);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.9rem;line-height:1.2;font-weight:650;letter-spacing:-.01em;margin:0;overflow-wrap:anywhere}
h2{font-size:1.25rem;font-weight:650;margin:3rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}
p,ul{max-width:46rem}ul{padding-left:1.2rem}li{margin:.2rem 0}
.subtitle{color:var(--faint);margin:.4rem 0 0;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1.75rem 0 0}
.figures div{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.7rem .9rem}
.figures dt{color:var(--faint);font-size:.85rem}
.figures dd{margin:0;font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3}
.figures .note{font-size:.8rem;font-weight:400;color:var(--faint)}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin-top:1.5rem}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
figure{margin:1rem 0 1.5rem}
img{display:block;max-width:100%;height:auto;border:1px solid var(--line);border-radius:.4rem;background:#fff}
figcaption{color:var(--faint);font-size:.9rem;margin-top:.4rem;max-width:46rem}
.table{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.92rem}
th,td{padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top;overflow-wrap:break-word}
td:not(.number){max-width:44rem}
th{font-weight:600;color:var(--faint);border-bottom:1px solid var(--line);white-space:nowrap}
tbody tr+tr td{border-top:1px solid var(--line)}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-left:.9rem}
@media print{body{padding:0;max-width:none}nav{display:none}section{break-inside:avoid}}
`
