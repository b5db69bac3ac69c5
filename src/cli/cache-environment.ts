/** @file The cache as this process's environment places it. */
import { homedir } from 'node:os'
import type { CacheEnvironment } from '../checkpoint/index.node.js'
import type { Terminal } from './command.js'

/** What the cache must know of this process. */
export function cacheEnvironment(env: Terminal['env']): CacheEnvironment {
  return { env, platform: process.platform, homedir: homedir() }
}
