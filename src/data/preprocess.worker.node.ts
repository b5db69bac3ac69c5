/** @file The worker's side of `createPreprocessor`: decodes and resizes what it is sent. */
import { isMainThread } from 'node:worker_threads'
import { type PreparedImage, prepareImage } from './prepare.node.js'
import type { PreprocessRequest } from './preprocess.node.js'
import { loadSharp } from './sharp.node.js'
import { answerRequests } from './worker-pool.node.js'

answerRequests<PreprocessRequest, PreparedImage>(
  ({ source, rule, where, maxPixels }) =>
    prepareImage(source, rule, maxPixels === undefined ? { where } : { where, maxPixels }),
  ({ resized }) => [resized.data.buffer as ArrayBuffer],
)
// Loaded while the process still does other things. Where it is missing, the first image says so.
if (!isMainThread) {
  try {
    loadSharp()
  } catch {}
}
