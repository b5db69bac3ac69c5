/** @file Weight files on disk: what is said about paths that are none. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fromNumbers } from '../tensor/index.js'
import { encodeSafetensors, readCheckpointFile, readWholeFile } from './index.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-files-'))
after(() => rmSync(folder, { recursive: true }))

const path = join(folder, 'model.safetensors')
const tensors = new Map([['a', fromNumbers('float32', [2], [1, 2])]])
writeFileSync(path, encodeSafetensors(tensors))

test('a file is read, whatever its name says', async () => {
  assert.deepEqual((await readCheckpointFile(path)).tensors, tensors)
  const renamed = join(folder, 'renamed.pth')
  writeFileSync(renamed, encodeSafetensors(tensors))
  assert.equal((await readCheckpointFile(renamed)).format, 'safetensors')
  rmSync(renamed)
})

test('what Hugging Face writes beside its weights comes with them, and with no others', async () => {
  const config = join(folder, 'config.json')
  writeFileSync(config, '{"model_type":"rt_detr"}')
  assert.equal((await readCheckpointFile(path)).metadata.get('huggingface.config'), '{"model_type":"rt_detr"}')
  const own = join(folder, 'last.safetensors')
  writeFileSync(own, encodeSafetensors(tensors))
  assert.equal((await readCheckpointFile(own)).metadata.has('huggingface.config'), false)
  writeFileSync(config, ' '.repeat(2 ** 20 + 1))
  assert.equal((await readCheckpointFile(path)).metadata.has('huggingface.config'), false)
  for (const file of [config, own]) rmSync(file)
})

test('an empty file', async () => {
  const empty = join(folder, 'empty')
  writeFileSync(empty, '')
  await assert.rejects(
    readCheckpointFile(empty),
    /empty: expected a safetensors or PyTorch weight file, got an empty file/,
  )
})

test('a missing file, with the names that are near', async () => {
  const missing = readCheckpointFile(join(folder, 'modle.safetensors'))
  await assert.rejects(missing, { code: 'FILE', message: /got no such file\. Did you mean .*model\.safetensors/ })
  await assert.rejects(readCheckpointFile(join(folder, 'no', 'such', 'x')), { code: 'FILE', message: /no such file/ })
  await assert.rejects(readCheckpointFile(join(path, 'x')), { code: 'FILE', message: /no such file/ })
})

test('a folder, with the weight files in it', async () => {
  await assert.rejects(readCheckpointFile(folder), {
    code: 'FILE',
    message: /got a folder\. It holds model\.safetensors\./,
  })
  const none = join(folder, 'none')
  mkdirSync(none)
  await assert.rejects(readCheckpointFile(none), { code: 'FILE', message: /got a folder\. Give the path of a file\./ })
})

const rootOrWindows = process.platform === 'win32' || process.getuid?.() === 0
test('a file without permission', { skip: rootOrWindows ? 'the user may read everything' : false }, async () => {
  const secret = join(folder, 'secret')
  writeFileSync(secret, 'x')
  chmodSync(secret, 0)
  await assert.rejects(readCheckpointFile(secret), { code: 'FILE', message: /a file that may not be read/ })
})

test('a pipe is refused and not waited for', { skip: process.platform === 'win32' ? 'no mkfifo' : false }, async () => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  await assert.rejects(readCheckpointFile(pipe), {
    code: 'FILE',
    message: /a regular file, got a device, pipe or socket/,
  })
  await assert.rejects(readWholeFile('/dev/zero'), { code: 'FILE', message: /a regular file/ })
})
