import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Terminal } from './command.js'
import { formatDuration, Progress } from './progress.js'

/** A terminal that keeps what was written to it, one entry a write. */
function listening(interactive: boolean, columns = 80): { terminal: Terminal; written: string[] } {
  const written: string[] = []
  const err = (text: string): void => {
    written.push(text)
  }
  return { written, terminal: { out: err, err, env: {}, interactive, columns } }
}

describe('progress in a terminal', () => {
  test('redraws one line within its width, and removes it', () => {
    const { terminal, written } = listening(true, 70)
    const progress = new Progress(terminal, 'detect', 4, 'photos')
    for (const done of [1, 2, 3, 4]) progress.update(done)
    progress.finish()
    assert.equal(written.pop(), '\r\x1b[K')
    assert.equal(written.length, 4)
    written.forEach((text, i) => {
      assert.ok(text.startsWith('\r') && text.endsWith('\x1b[K'))
      const shown = text.slice(1, -'\x1b[K'.length)
      assert.match(shown, /^detect [█░]+ \d\/4 photos · [\d.]+ photos\/s · \d+ s left$/)
      assert.ok(shown.length < 70, `${shown.length} characters`)
      assert.ok(text.includes(`${i + 1}/4`))
    })
    assert.ok(!written[3]!.includes('░'))
  })

  test('is cut where the terminal is narrow', () => {
    const { terminal, written } = listening(true, 20)
    new Progress(terminal, 'detect', 4, 'photos').update(1)
    assert.equal(written[0]!.length, '\r\x1b[K'.length + 19)
    assert.match(written[0]!, /^\rdetect 1\/4 photos/)
  })

  test('makes way for other lines and comes back', () => {
    const { terminal, written } = listening(true)
    const progress = new Progress(terminal, 'detect', 4, 'photos')
    progress.aside(() => written.push('first'))
    assert.deepEqual(written, ['\r\x1b[K', 'first'])
    progress.update(1)
    written.length = 0
    progress.aside(() => written.push('second'))
    assert.deepEqual(written.slice(0, 2), ['\r\x1b[K', 'second'])
    assert.match(written[2]!, /^\rdetect /)
  })
})

describe('progress elsewhere', () => {
  test('is a plain line at the end, once', () => {
    const { terminal, written } = listening(false)
    const progress = new Progress(terminal, 'download', 3, 'MB')
    for (const done of [1, 2, 3, 3]) progress.update(done)
    progress.aside(() => written.push('aside'))
    progress.finish()
    assert.equal(written.length, 2)
    assert.match(written[0]!, /^download 3\/3 MB · [\d.]+ MB\/s · 0 s left\n$/)
    assert.equal(written[1], 'aside')
  })

  test('is nothing for a single thing', () => {
    for (const interactive of [true, false]) {
      const { terminal, written } = listening(interactive)
      const progress = new Progress(terminal, 'detect', 1, 'photos')
      progress.update(1)
      progress.aside(() => written.push('aside'))
      progress.finish()
      assert.deepEqual(written, ['aside'])
    }
  })
})

test('what was done before the clock started is not in the rate', () => {
  const { terminal, written } = listening(true)
  const progress = new Progress(terminal, 'download', 100, 'MB', 90)
  progress.update(90)
  assert.match(written[0]!, / 90\/100 MB · 0\.00 MB\/s · \? s left/)
})

test('durations are read by people', () => {
  assert.deepEqual([0.4, 59.4, 59.6, 200, 3600, 7500, Number.POSITIVE_INFINITY].map(formatDuration), [
    '0 s',
    '59 s',
    '1 min 0 s',
    '3 min 20 s',
    '1 h 0 min',
    '2 h 5 min',
    '? s',
  ])
})
