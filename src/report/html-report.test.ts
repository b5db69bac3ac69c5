/** @file The page: nothing in it comes from elsewhere, and no text can break out of its place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeHtml, htmlReport, type ReportPage } from './html-report.js'

const HOSTILE = `</td><script>alert("1")</script>&amp;'x\u0000\u202e\ud800`

const page: ReportPage = {
  title: HOSTILE,
  subtitle: HOSTILE,
  figures: [{ name: HOSTILE, value: HOSTILE, note: HOSTILE }],
  sections: [
    {
      title: HOSTILE,
      blocks: [
        { kind: 'text', lines: [HOSTILE] },
        { kind: 'text', lines: [HOSTILE, HOSTILE] },
        { kind: 'table', rows: [[HOSTILE], [HOSTILE]] },
        { kind: 'picture', bytes: Uint8Array.of(1, 2, 3), type: 'image/png', width: 4, height: 5, caption: HOSTILE },
      ],
    },
    { title: 'nothing in it', blocks: [] },
  ],
}

test('escaping: what HTML reads as markup, and characters that it forbids', () => {
  assert.equal(
    escapeHtml(`<a href="x" title='y'>&</a>`),
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;',
  )
  assert.equal(escapeHtml('a\u0000b\u001bc\u202ed\ud800e'), 'a\ufffdb\ufffdc\ufffdd\ufffde')
  assert.equal(escapeHtml('Größe\t漢字 🦝\n'), 'Größe\t漢字 🦝\n')
})

test('hostile texts stand in the page as text, wherever they stand', () => {
  const html = htmlReport(page)
  assert.ok(!html.includes('<script'))
  assert.equal(
    html.split('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39;x\ufffd\ufffd\ufffd').length - 1,
    14,
  )
  const tags = [...html.matchAll(/<([a-z0-9]+)[\s>]/g)].map(([, name]) => name!)
  assert.ok(!tags.includes('script') && !tags.includes('link') && !tags.includes('iframe'))
})

test('a picture is in the page itself, and nothing is fetched from anywhere', () => {
  const html = htmlReport(page)
  assert.match(html, /<img src="data:image\/png;base64,AQID" width="4" height="5" alt="/)
  assert.ok(!/(?:src|href)="(?!data:|#)/.test(html))
  assert.ok(!/url\(|@import|https?:/.test(html))
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/)
  assert.match(html, /prefers-color-scheme:dark/)
})

test('pictures of any size are encoded whole', () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, i) => (i * 31) & 255)
  const blocks = [{ kind: 'picture', bytes, type: 'image/jpeg', width: 1, height: 1, caption: '' }] as const
  const html = htmlReport({ ...page, sections: [{ title: 'a', blocks }] })
  assert.ok(html.includes(`base64,${Buffer.from(bytes).toString('base64')}"`))
})

test('empty sections are left out; tables have numbers on the right', () => {
  const html = htmlReport(page)
  assert.ok(!html.includes('nothing in it'))
  const table = {
    kind: 'table',
    rows: [
      ['class', 'AP'],
      ['cat', '0.5'],
    ],
  } as const
  const other = htmlReport({ ...page, sections: [{ title: 'a', blocks: [table] }] })
  assert.match(other, /<tr><td>cat<\/td><td class="number">0\.5<\/td><\/tr>/)
})
