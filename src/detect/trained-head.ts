/** @file A detector whose class head was never trained would find anything anywhere. */
import type { LoadedModel } from '../models/index.js'
import { ConfigError } from '../tensor/index.js'

/**
 * Refuses class names that would begin the class head anew.
 * @param weights the name of the model or file, for the error
 * @throws ConfigError for another number of names than the head has classes.
 */
export function refuseUntrainedHead(
  loaded: LoadedModel,
  weights: string,
  classNames: readonly string[] | undefined,
): void {
  if (classNames === undefined || loaded.report.left.length === 0) return
  throw new ConfigError({
    where: 'classNames',
    expected: `as many names as ${weights} has classes`,
    got: String(classNames.length),
    next: `For other classes its class head must be trained: detrs train --weights ${weights} --data DIR`,
  })
}
