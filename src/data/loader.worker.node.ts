/** @file The worker's side of `createLoader`: decodes and augments what it is sent. */
import { isMainThread } from 'node:worker_threads'
import { loadPhoto, type PhotoOutcome, type PhotoRequest } from './loader-photo.node.js'
import { loadSharp } from './sharp.node.js'
import { answerRequests } from './worker-pool.node.js'

answerRequests<PhotoRequest, PhotoOutcome>(loadPhoto, ({ photo }) =>
  photo === undefined ? [] : [photo.image.data.buffer as ArrayBuffer],
)
// Loaded while the process still does other things. Where it is missing, the first photo says so.
if (!isMainThread) {
  try {
    loadSharp()
  } catch {}
}
