import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DownloadError, FileError } from '../tensor/index.js'
import {
  type CacheEnvironment,
  cacheFolder,
  checkpointFolder,
  checkpointPath,
  findCheckpoint,
  torchHubFolder,
} from './cache.node.js'
import { environmentOf, folderFor, sha256, weights } from './download-server.test.node.js'

function on(platform: string, env: Record<string, string>): CacheEnvironment {
  return { env, platform, homedir: platform === 'win32' ? 'C:\\Users\\ada' : '/home/ada' }
}

test('where weights are kept', () => {
  for (const [platform, env, cache] of [
    ['linux', {}, '/home/ada/.cache/detrs'],
    ['darwin', {}, '/home/ada/.cache/detrs'],
    ['linux', { XDG_CACHE_HOME: '/x' }, '/x/detrs'],
    ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/ada/.cache/detrs'],
    ['linux', { XDG_CACHE_HOME: '' }, '/home/ada/.cache/detrs'],
    ['darwin', { XDG_CACHE_HOME: '/x', DETRS_CACHE: '/data/weights/' }, '/data/weights'],
    ['linux', { DETRS_CACHE: '~/weights' }, '/home/ada/weights'],
    ['linux', { DETRS_CACHE: '' }, '/home/ada/.cache/detrs'],
    ['win32', {}, 'C:\\Users\\ada\\AppData\\Local\\detrs\\Cache'],
    ['win32', { LOCALAPPDATA: 'D:\\Local', XDG_CACHE_HOME: 'E:\\x' }, 'D:\\Local\\detrs\\Cache'],
    ['win32', { LOCALAPPDATA: 'D:\\Local', DETRS_CACHE: 'E:\\weights' }, 'E:\\weights'],
  ] as const) {
    assert.equal(cacheFolder(on(platform, env)), cache, JSON.stringify([platform, env]))
  }
  assert.equal(checkpointFolder(on('linux', {})), '/home/ada/.cache/detrs/checkpoints')
  assert.equal(cacheFolder({ env: { DETRS_CACHE: '/data' }, platform: 'linux', homedir: '' }), '/data')
  assert.throws(
    () => cacheFolder({ env: {}, platform: 'linux', homedir: '' }),
    /FileError: .*expected a home folder.*DETRS_CACHE/,
  )
})

test('where torch hub keeps weights, on every platform', () => {
  for (const [platform, env, folder] of [
    ['linux', {}, '/home/ada/.cache/torch/hub/checkpoints'],
    ['darwin', { XDG_CACHE_HOME: '/x' }, '/x/torch/hub/checkpoints'],
    ['linux', { XDG_CACHE_HOME: '/x', TORCH_HOME: '/t' }, '/t/hub/checkpoints'],
    ['linux', { TORCH_HOME: '~/t' }, '/home/ada/t/hub/checkpoints'],
    ['win32', {}, 'C:\\Users\\ada\\.cache\\torch\\hub\\checkpoints'],
    ['win32', { TORCH_HOME: 'D:\\t' }, 'D:\\t\\hub\\checkpoints'],
  ] as const) {
    assert.equal(torchHubFolder(on(platform, env)), folder)
  }
})

test('only plain file names are taken', () => {
  const place = on('linux', {})
  assert.equal(
    checkpointPath('detr-r50-e632da11.pth', place),
    '/home/ada/.cache/detrs/checkpoints/detr-r50-e632da11.pth',
  )
  for (const name of [
    '',
    '.',
    '..',
    '../a',
    'a/b',
    'a\\b',
    'a:b',
    '.hidden',
    'a.',
    'a\0',
    'a\n',
    'ä',
    'a'.repeat(201),
  ]) {
    assert.throws(() => checkpointPath(name, place), DownloadError, JSON.stringify(name))
  }
  assert.ok(checkpointPath('a'.repeat(200), place))
})

test('the cache first, then torch hub where name and digest fit', async (t) => {
  const home = folderFor(t)
  const place = environmentOf({ XDG_CACHE_HOME: home }, home)
  const bytes = weights(100_000)
  const digest = sha256(bytes)
  const fileName = 'detr-r50-e632da11.pth'
  const wanted = { fileName, sha256: digest.slice(0, 8), sizeBytes: bytes.length }
  assert.equal(await findCheckpoint(wanted, place), undefined)
  assert.deepEqual(readdirSync(home), [], 'looking makes no folders')

  mkdirSync(torchHubFolder(place), { recursive: true })
  const foreign = join(torchHubFolder(place), fileName)
  writeFileSync(foreign, bytes)
  const before = statSync(foreign)
  const found = await findCheckpoint(wanted, place)
  assert.deepEqual(found, { path: foreign, origin: 'torch-hub', sizeBytes: bytes.length, sha256: digest })
  assert.equal((await findCheckpoint({ fileName, sha256: digest.toUpperCase() }, place))?.path, foreign)
  assert.equal(await findCheckpoint({ fileName }, place), undefined, 'no digest, no trust')
  assert.equal(await findCheckpoint({ ...wanted, sha256: 'e632da11' }, place), undefined)
  assert.equal(await findCheckpoint({ ...wanted, sizeBytes: 99_999 }, place), undefined)
  assert.equal(await findCheckpoint({ ...wanted, fileName: 'other.pth' }, place), undefined)
  assert.equal(statSync(foreign).mtimeMs, before.mtimeMs)
  assert.ok(readFileSync(foreign).equals(bytes))

  mkdirSync(checkpointFolder(place), { recursive: true })
  const own = checkpointPath(fileName, place)
  writeFileSync(own, bytes)
  assert.deepEqual(await findCheckpoint(wanted, place), {
    ...{ path: own, origin: 'detrs-cache', sizeBytes: bytes.length, sha256: digest },
  })
  assert.equal((await findCheckpoint({ fileName }, place))?.sha256, undefined)
})

test('a changed file in the cache is an error, not passed over', async (t) => {
  const home = folderFor(t)
  const place = environmentOf({ DETRS_CACHE: home })
  const path = checkpointPath('a.pth', place)
  mkdirSync(checkpointFolder(place))
  writeFileSync(path, 'half')
  const digest = sha256(Buffer.from('half'))
  await assert.rejects(findCheckpoint({ fileName: 'a.pth', sha256: 'e632da11' }, place), (error: Error) => {
    assert.ok(error instanceof FileError)
    assert.match(
      error.message,
      new RegExp(`a\\.pth: expected a sha256 that starts with e632da11, got ${digest}\\. Move`),
    )
    return true
  })
  await assert.rejects(findCheckpoint({ fileName: 'a.pth', sizeBytes: 5 }, place), /expected 5 bytes, got 4 bytes/)
  assert.equal(readFileSync(path, 'utf8'), 'half')
})

test('what is no readable file does not hang or crash a look-up', async (t) => {
  const home = folderFor(t)
  const place = environmentOf({ XDG_CACHE_HOME: home }, home)
  const wanted = { fileName: 'a.pth', sha256: 'e632da11' }
  const foreign = join(torchHubFolder(place), 'a.pth')
  mkdirSync(foreign, { recursive: true })
  assert.equal(await findCheckpoint(wanted, place), undefined, 'a folder')
  rmSync(foreign, { recursive: true })
  if (spawnSync('mkfifo', [foreign]).status === 0) {
    assert.equal(await findCheckpoint(wanted, place), undefined, 'a named pipe')
    rmSync(foreign)
  }
  writeFileSync(foreign, 'secret')
  chmodSync(foreign, 0)
  assert.equal(await findCheckpoint(wanted, place), undefined, 'a file that may not be read')
  mkdirSync(checkpointPath('a.pth', place), { recursive: true })
  await assert.rejects(findCheckpoint(wanted, place), /FileError: .*a\.pth: expected a file, got a folder/)
  writeFileSync(join(home, 'file'), '')
  const onFile = environmentOf({ DETRS_CACHE: join(home, 'file') })
  await assert.rejects(findCheckpoint(wanted, onFile), /FileError: .*expected a folder, got a file in its place/)
  await assert.rejects(findCheckpoint({ fileName: 'a.pth', sha256: 'short' }, place), DownloadError)
})
