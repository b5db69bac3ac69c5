/** @file Whether a data set can be trained on, and what is worth a word before that is done. */
import type { DatasetImage, DetectionDataset } from '../data/formats/index.js'
import { DatasetError } from '../tensor/index.js'

/** What training asks of a data set. */
export interface TrainableDemands {
  readonly batchSize: number
  /** Most objects that the model can find in a photo. */
  readonly queries: number
}

/**
 * Checks a data set that is divided into training and validation photos.
 * @returns sentences about what training will not learn from
 * @throws DatasetError when there is not one batch, or nothing in the photos to learn.
 */
export function checkTrainable(dataset: DetectionDataset, { batchSize, queries }: TrainableDemands): string[] {
  const { folder, images, splits, problems } = dataset
  const photos = (of: readonly number[] = []): DatasetImage[] => of.map((index) => images[index]!)
  const [train, val] = [photos(splits.train), photos(splits.val)]
  const fault = (expected: string, got: string, next: string): DatasetError =>
    new DatasetError({ where: folder, expected, got, next })
  if (train.length < batchSize) {
    throw fault(`at least one batch of ${batchSize} photos to train on`, `${train.length}`, 'Lower --batch.')
  }
  if (train.every((photo) => trainedObjects(photo) === 0)) {
    const next = 'detrs data check says what became of the labels.'
    throw fault('objects to learn from', `none in ${train.length} photos`, next)
  }
  const notes = problems
    .filter(({ severity }) => severity !== 'note')
    .map(({ count, summary, examples }) => `${count} ${summary} (${examples[0]})`)
  if (val.every((photo) => trainedObjects(photo) === 0)) {
    notes.push(`no object in the ${val.length} validation photos: no evaluation can tell which weights are best`)
  }
  const crowded = train.map(trainedObjects).filter((count) => count > queries)
  if (crowded.length > 0) {
    const most = Math.max(...crowded)
    notes.push(
      `${crowded.length} photos with up to ${most} objects, more than the model's ${queries}: the rest of each is not learned`,
    )
  }
  return notes
}

function trainedObjects({ objects }: DatasetImage): number {
  return objects.filter(({ crowd }) => crowd !== true).length
}
