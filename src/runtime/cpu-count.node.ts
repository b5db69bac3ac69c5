/** @file How many threads pay: physical cores that this process may use, within a container's quota. */
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Threads for matrix kernels: a second hardware thread of one core only adds contention. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(availableParallelism(), physicalCores() ?? Infinity, containerQuota() ?? Infinity))
}

/** Number of distinct cores among the lines of `thread_siblings_list`, one line per logical CPU. */
export function distinctCores(siblingLists: readonly string[]): number {
  return new Set(siblingLists.map((list) => list.trim())).size
}

/** Whole CPUs of a cgroup v2 `cpu.max` text, rounded up; undefined for `max` or anything else. */
export function quotaOf(cpuMax: string): number | undefined {
  const match = /^(\d+) (\d+)/.exec(cpuMax)
  return match === null || Number(match[2]) === 0
    ? undefined
    : Math.max(1, Math.ceil(Number(match[1]) / Number(match[2])))
}

function physicalCores(): number | undefined {
  try {
    const root = '/sys/devices/system/cpu'
    const cpus = readdirSync(root).filter((name) => /^cpu\d+$/.test(name))
    const lists = cpus.map((cpu) => readFileSync(`${root}/${cpu}/topology/thread_siblings_list`, 'utf8'))
    return lists.length === 0 ? undefined : distinctCores(lists)
  } catch {
    return undefined
  }
}

function containerQuota(): number | undefined {
  try {
    return quotaOf(readFileSync('/sys/fs/cgroup/cpu.max', 'utf8'))
  } catch {
    return undefined
  }
}
