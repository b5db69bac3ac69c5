/** @file Zip archives: those that exist, and every lie that one can tell. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import { CheckpointError, mix } from '../tensor/index.js'
import { crc32 } from './crc32.js'
import { buildZip, bytesFrom, type ZipEnd, type ZipSpec } from './hostile.test.kit.js'
import { openZip } from './zip.js'

const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => mix(i))
const data = noise(1000)
const one: ZipSpec = { name: 'a/data.pkl', data }

test('CRC-32 equals that of zlib at every length and address', () => {
  const bytes = noise(400)
  for (let start = 0; start < 20; start++) {
    for (let end = start; end < bytes.length; end += 7) {
      assert.equal(crc32(bytes.subarray(start, end)), zlib.crc32(bytes.subarray(start, end)), `${start} to ${end}`)
    }
  }
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
})

const READABLE: readonly [what: string, specs: readonly ZipSpec[], end?: ZipEnd][] = [
  ['stored', [one]],
  ['deflated', [{ ...one, deflate: true }]],
  [
    'with a data descriptor',
    [
      { ...one, descriptor: true },
      { name: 'b', data: noise(3), descriptor: true },
    ],
  ],
  ['deflated with a data descriptor', [{ ...one, deflate: true, descriptor: true }]],
  ['with zip64 sizes', [{ ...one, zip64: true }]],
  ['with a zip64 end record', [one], { zip64: true }],
  ['all zip64', [{ ...one, zip64: true, descriptor: true }], { zip64: true }],
  ['with a comment', [one], { comment: 'made by hand' }],
  [
    'without checksums',
    [
      { ...one, crc: 0 },
      { name: 'b', data: noise(9), crc: 0 },
    ],
  ],
]

for (const [what, specs, end] of READABLE) {
  test(`reads a zip ${what}`, () => {
    const archive = openZip(buildZip(specs, end), 'test.zip')
    assert.deepEqual(
      [...archive.entries.keys()],
      specs.map(({ name }) => name),
    )
    for (const spec of specs) assert.deepEqual(archive.read(spec.name), spec.data)
  })
}

test('large deflated entries come out whole', () => {
  const large = noise(300_000)
  large.fill(7, 1000, 200_000)
  const archive = openZip(buildZip([{ name: 'a', data: large, deflate: true }]), 'test.zip')
  assert.deepEqual(archive.read('a'), large)
})

test('stored entries are views, and a Buffer is as good as a Uint8Array', () => {
  const bytes = Buffer.from(buildZip([one]))
  assert.equal(openZip(bytes, 'test.zip').read('a/data.pkl').buffer, bytes.buffer)
})

const zeros = new Uint8Array(70 * 2 ** 20)
const local = buildZip([one]).indexOf(0x50, 1)
const HOSTILE: readonly [what: string, bytes: () => Uint8Array, message: RegExp][] = [
  ['nothing', () => new Uint8Array(0), /directory at the end/],
  ['a truncated directory', () => buildZip([one]).slice(0, -30), /directory at the end.*truncated/],
  ['bytes behind the end', () => bytesFrom(buildZip([one]), 0), /directory at the end/],
  ['more entries than there are', () => buildZip([one], { entries: 2 }), /zip directory at byte/],
  ['fewer entries than there are', () => buildZip([one, { name: 'b' }], { entries: 1 }), /declared size/],
  ['4 billion entries', () => buildZip([one], { zip64: true, entries: 2 ** 32 }), /at most 200000 zip entries/],
  ['a directory beyond the end', () => buildZip([one], { directoryStart: 2 ** 31 }), /ends at byte/],
  [
    'a comment that looks like an end record',
    () => buildZip([one], { comment: `PK\x05\x06${'\0'.repeat(18)}` }),
    /ends at byte/,
  ],
  ['a directory elsewhere', () => buildZip([one], { directoryStart: 0 }), /ends at byte/],
  [
    'a directory that is too long',
    () => buildZip([one], { directoryStart: 0, directorySize: buildZip([one]).length - 22 }),
    /a zip directory entry/,
  ],
  ['several disks', () => buildZip([one], { disk: 1 }), /one part/],
  ['an entry twice', () => buildZip([one, one]), /every zip entry once, got "a\/data\.pkl" twice/],
  [
    'two names for the same bytes',
    () => buildZip([one, { ...one, name: 'b', offset: 0 }]),
    /local header and directory/,
  ],
  [
    'overlapping entries',
    () =>
      buildZip([
        { name: 'a', data: buildZip([{ name: 'b', data }]).subarray(0, local + 2000) },
        { name: 'b', data, offset: 31 },
      ]),
    /share no bytes/,
  ],
  [
    'a wrong checksum',
    () => buildZip([{ ...one, crc: 1 }]),
    /a\/data\.pkl: expected CRC-32 0x00000001, got 0x.*damaged/,
  ],
  [
    'a wrong checksum among right ones',
    () =>
      buildZip([
        { ...one, crc: 0 },
        { name: 'b', data },
      ]),
    /CRC-32 0x00000000/,
  ],
  ['an encrypted entry', () => buildZip([{ ...one, flags: 1 }]), /an encrypted one/],
  ['another compression', () => buildZip([{ ...one, method: 12 }]), /compression method 12/],
  ['sizes of a stored entry that differ', () => buildZip([{ ...one, size: 10 }]), /equal sizes/],
  [
    'another name in the local header',
    () => buildZip([{ ...one, localName: 'a/data.pk_' }]),
    /local header and directory/,
  ],
  ['another size in the local header', () => buildZip([{ ...one, localSize: 5 }]), /the sizes of the directory/],
  ['an entry beyond the end', () => buildZip([{ ...one, size: 2 ** 31, compressedSize: 2 ** 31 }]), /zip entry data/],
  ['an entry of 2^63 bytes', () => buildZip([{ ...one, size: 2n ** 63n, zip64: true }]), /below 2\^53/],
  ['a local header elsewhere', () => buildZip([{ ...one, offset: 7 }]), /a local zip header at byte 7/],
  ['a local header beyond the end', () => buildZip([{ ...one, offset: 2 ** 31 }]), /local zip header/],
  ['deflated rubbish', () => buildZip([{ ...one, method: 8, size: 2000 }]), /deflated data|as declared/],
  [
    'deflated data that is shorter',
    () => buildZip([{ ...one, deflate: true, size: 1001 }]),
    /1001 bytes, as declared, got 1000/,
  ],
  [
    'deflated data that is longer',
    () => buildZip([{ ...one, deflate: true, size: 999 }]),
    /999 bytes, as declared, got more/,
  ],
  ['a bomb', () => buildZip([{ name: 'a', data: zeros, deflate: true }]), /bytes of inflated data.*bomb/],
  [
    'a bomb that hides its size',
    () => buildZip([{ name: 'a', data: zeros, deflate: true, size: 100 }]),
    /got more \(a zip bomb/,
  ],
  [
    'a bomb of many entries',
    () =>
      buildZip(
        Array.from({ length: 40 }, (_, i) => ({ name: `${i}`, data: zeros.subarray(0, 2 ** 21), deflate: true })),
      ),
    /bomb/,
  ],
  ...['../a', 'a/../../b', '/etc/passwd', 'C:/a', 'a\\b', 'a\0b', './a', '', '..'].map(
    (name): [string, () => Uint8Array, RegExp] => [
      `the name ${JSON.stringify(name)}`,
      () => buildZip([{ ...one, name }]),
      /stay inside the archive/,
    ],
  ),
]

for (const [what, bytes, message] of HOSTILE) {
  test(`refuses ${what}`, () => {
    const archive = bytes()
    assert.throws(
      () => {
        for (const [name, zip] of [openZip(archive, 'test.zip')].flatMap((zip) =>
          [...zip.entries.keys()].map((name) => [name, zip] as const),
        )) {
          zip.read(name)
        }
      },
      (error) => error instanceof CheckpointError && message.test(error.message),
    )
  })
}

test('an absent entry is named', () => {
  assert.throws(() => openZip(buildZip([one]), 'test.zip').read('b'), /test\.zip: expected entry "b"/)
})
