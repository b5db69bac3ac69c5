/** @file A file above 2 GiB, which one read call cannot take and a 32-bit offset cannot address. */
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCheckpointFile } from './index.node.js'

const SIZE = 2 ** 31 + 2 ** 20

const skip = freemem() < 2 * SIZE ? 'less than 4 GiB of free memory' : false
test('a file of 2 GiB and more is read', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'detrs-large-'))
  try {
    const path = join(folder, 'large.safetensors')
    const header = `{"a":{"dtype":"U8","shape":[${SIZE}],"data_offsets":[0,${SIZE}]},"b":{"dtype":"U8","shape":[1],"data_offsets":[${SIZE},${SIZE + 1}]}}`
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    const file = openSync(path, 'w')
    writeSync(file, Buffer.concat([length, Buffer.from(header)]))
    // Sparse: only the last byte is on disk.
    writeSync(file, Buffer.of(42), 0, 1, 8 + header.length + SIZE)
    closeSync(file)
    const { tensors } = await readCheckpointFile(path)
    assert.equal(tensors.get('a')!.data.length, SIZE)
    assert.equal(tensors.get('b')!.data[0], 42)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
