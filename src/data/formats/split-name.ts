/** @file Which split a file or folder is of, by its name. */
import type { SplitName } from './dataset.js'

const WORDS: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  trainval: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  testing: 'test',
}

/** The split that a name tells: `instances_train2017.json`, `valid`, `test-dev`; undefined where it tells none. */
export function splitOfName(name: string): SplitName | undefined {
  for (const word of name.toLowerCase().split(/[^a-z]+/)) {
    if (Object.hasOwn(WORDS, word)) return WORDS[word]
  }
  return undefined
}
