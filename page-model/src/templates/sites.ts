/** @file Training: pages of sites that end before the window does; what they end with stands right below. */
import { box, escapeHtml, region } from '../markup.js'
import { bulleted, callout, code, list, paragraph, plainHeading } from './blocks.js'
import { emblem, picture, table } from './floats.js'
import { title } from './openings.js'
import type { Material, Sheet, Template } from './page.js'

/** Names of a site's parts, over the whole width. */
function navigation(m: Material, pad: number): string {
  const { random, prose, theme } = m
  const links = Array.from({ length: random.int(2, 6) }, () =>
    region('Page-header', escapeHtml(prose.words(random.weighted({ one: 4, two: 1 }) === 'one' ? 1 : 2)), {
      tag: 'span',
    }),
  ).join('')
  const mark = random.pick([
    () => emblem(m, 'logo', random.int(22, 36)),
    () => region('Page-header', escapeHtml(prose.words(1)), { tag: 'b', style: 'font-size:1.3em' }),
    () => '',
  ])()
  const ground = random.pick([
    `background:${theme.accent};color:#fff`,
    'background:#23272f;color:#fff',
    'border-bottom:1px solid #ddd',
    'background:#f3f3f3;color:#222',
    '',
  ])
  const spread = random.pick(['space-between', 'flex-start', 'center', 'flex-end'])
  return box(
    mark + links,
    '',
    `display:flex;gap:${random.float(1.2, 2.6).toFixed(1)}em;align-items:center;justify-content:${spread};padding:${random.int(8, 18)}px ${pad}px;${ground}`,
  )
}

/** The headline with a sentence or two, beside, above or over a photo, or alone. */
function lead(m: Material, width: number): string {
  const { random, prose } = m
  const form = random.weighted({ alone: 3, beside: 3, below: 2, centred: 1 })
  const centred = form === 'centred' || random.chance(0.15) ? 'text-align:center;' : ''
  const words =
    title(m, random.float(1.6, 2.6), centred) +
    region('Text', prose.paragraph(random.int(1, 2)), { tag: 'p', style: `margin:0 0 0.6em;${centred}` })
  if (form === 'beside') {
    const share = random.float(0.3, 0.55)
    const parts = [box(words, '', 'flex:1;min-width:0'), picture(m, width * share, random.float(1.2, 2.2), 'photo')]
    return box((random.chance(0.5) ? parts : parts.reverse()).join(''), '', 'display:flex;gap:26px;align-items:center')
  }
  return form === 'below' ? words + picture(m, width, random.float(2.2, 4), 'photo') : words
}

/** What a page shows below its headline. */
function parts(m: Material, width: number): readonly (() => string)[] {
  const { random, prose } = m
  const tiles = (): string => {
    const columns = random.int(2, 4)
    const inner = width / columns - 26
    const [pictured, framed] = [random.chance(0.5), random.chance(0.4)]
    const tile = (): string =>
      box(
        (pictured ? picture(m, framed ? inner - 20 : inner, random.float(1.2, 2), 'photo') : '') +
          plainHeading(random.chance(0.5) ? prose.words(2) : prose.phrase(), 3) +
          (random.chance(0.85) ? paragraph(m, random.int(1, 3)) : bulleted(m, 3)),
        '',
        framed ? 'border:1px solid #ccc;padding:9px;min-width:0' : 'min-width:0',
      )
    const count = columns * (random.chance(0.2) ? 2 : 1)
    return box(
      Array.from({ length: count }, tile).join(''),
      '',
      `display:grid;grid-template-columns:repeat(${columns}, 1fr);gap:20px 24px`,
    )
  }
  return [
    tiles,
    tiles,
    () => plainHeading(prose.phrase()) + paragraph(m) + paragraph(m),
    () => plainHeading(prose.phrase()) + paragraph(m, 1) + list(m, { items: random.int(3, 7) }),
    () => plainHeading(prose.words(2)) + table(m, { full: random.chance(0.7) }),
    () => plainHeading(prose.words(2)) + paragraph(m, 2) + code(m, Math.floor(width / 9), random.int(2, 8)),
    () => callout(m),
  ]
}

/** Address, rights and names of further pages. */
function siteEnd(m: Material, pad: number): string {
  const { random, prose, theme } = m
  const rights = (): string => `© ${prose.digits(prose.year())} ${prose.organisation()}`
  const line = (): string =>
    random
      .pick([
        () => [prose.organisation(), ...prose.address(), prose.phone()],
        () => [rights(), prose.words(1), prose.words(1)],
        () => [prose.email(), prose.phone()],
        () => [rights()],
        () => [prose.clause()],
      ])()
      .join(random.pick([' · ', ' | ', ' — ', ', ']))
  const ended = (html: string): string => region('Page-footer', html, {})
  const align = random.pick(['start', 'center', 'center', 'end'])
  const inside = random.pick([
    () => ended(escapeHtml(line())),
    () => ended(escapeHtml(line())),
    () => ended(`${escapeHtml(line())}<br>${escapeHtml(line())}`),
    () =>
      box(
        ended(escapeHtml(rights())) + ended(escapeHtml(prose.host())),
        '',
        'display:flex;justify-content:space-between',
      ),
    () =>
      box(
        Array.from({ length: random.int(2, 4) }, () =>
          ended(Array.from({ length: random.int(2, 5) }, () => escapeHtml(prose.words(random.int(1, 2)))).join('<br>')),
        ).join(''),
        '',
        'display:flex;justify-content:space-between',
      ),
  ])()
  const ground = random.pick([
    '',
    'border-top:1px solid #ccc',
    'border-top:1px solid #ccc',
    'background:#eee;color:#333',
    'background:#2b2f36;color:#ddd',
    `background:${theme.accent};color:#fff`,
    `border-top:4px solid ${theme.accent}`,
  ])
  const inset = ground.startsWith('background') ? `padding:12px ${pad}px` : `margin:0 ${pad}px;padding:8px 0`
  return box(
    inside,
    '',
    `${inset};${ground};margin-top:${random.int(12, 34)}px;text-align:${align};font-size:${random.float(0.72, 0.92).toFixed(2)}em`,
  )
}

function site(m: Material): Sheet {
  const { random } = m
  const [width, height] = [random.pick([480, 820, 960, 1040, 1180]), random.int(860, 1360)]
  const pad = width < 600 ? 16 : random.int(22, 70)
  const inner = width - 2 * pad
  const rest = random.sample(parts(m, inner), random.int(1, 3)).map((draw) => draw())
  const main = box(
    [lead(m, inner), ...rest].map((html) => box(html, '', 'margin-bottom:18px')).join(''),
    '',
    `padding:${random.int(14, 34)}px ${pad}px 0`,
  )
  const html = navigation(m, pad) + main + siteEnd(m, pad)
  return {
    width,
    height,
    html: box(html, 'clip', 'height:100%;overflow:hidden'),
    css: '.h { margin-top: 0.5em; } .pic { max-width: 100%; }',
  }
}

export const SITES: readonly Template[] = [
  {
    name: 'site',
    family: 'web',
    weight: 16,
    theme: { numbering: 'none', paragraphs: 'space', align: 'start' },
    draw: site,
  },
]
