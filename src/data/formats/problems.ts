/** @file What is wrong with a data set: kinds of faults, how grave each is, what becomes of what has it. */

/** Errors make a data set wrong to train on; warnings are worth a look; notes only say what was done. */
export type Severity = 'error' | 'warning' | 'note'

const E = 'error'
const W = 'warning'
const N = 'note'

/** Every kind: how grave, and a phrase that goes with a count before it. */
const KINDS = {
  // Boxes
  'box-not-four-numbers': [E, 'boxes that are not four numbers; dropped'],
  'box-not-finite': [E, 'boxes with a coordinate that is no finite number; dropped'],
  'box-negative': [E, 'boxes with a negative width or height (corners in the wrong order); dropped'],
  'box-zero-size': [W, 'boxes of zero width or height; dropped'],
  'box-outside': [E, 'boxes wholly outside their photo; dropped'],
  'box-partly-outside': [W, 'boxes that reach more than a pixel out of their photo; clamped to it'],
  'box-past-edge': [N, 'boxes that reach out of their photo by a pixel or less; clamped to it'],
  'box-repeated': [W, 'boxes that repeat another of the same class and photo exactly; kept'],
  'boxes-look-like-corners': [
    E,
    'annotation files whose boxes look like corners (xmin, ymin, xmax, ymax), not x, y, width, height; kept as written',
  ],
  'boxes-look-relative': [
    E,
    'annotation files whose boxes look like fractions of the photo, not pixels; kept as written',
  ],
  'boxes-from-zero': [
    N,
    'Pascal VOC sets whose boxes start at 0, so that they are taken as edges, not as pixel numbers from 1',
  ],
  'mask-malformed': [W, 'masks that are neither polygons nor run lengths; left out'],
  // Ids and references
  'image-id-repeated': [E, 'photos with the id of another photo; dropped'],
  'annotation-id-repeated': [W, 'annotations with the id of another one; kept'],
  'annotation-id-missing': [W, 'annotations without a usable id; kept'],
  'annotation-id-zero': [N, 'annotations with the id 0, which pycocotools never counts as found; kept'],
  'category-repeated': [W, 'categories that are listed twice under one id; merged'],
  'id-not-usable': [E, 'entries whose id is missing or no whole number below 2^53; dropped'],
  'id-of-other-type': [W, 'ids that are text in one place and a number in another; taken as equal'],
  'image-unknown': [E, 'annotations of a photo that is not listed; dropped'],
  'category-unknown': [E, 'annotations of a category that is not listed; dropped'],
  'class-unknown': [E, 'objects of a class that is not in the list of classes; dropped'],
  // Classes
  'class-unused': [W, 'classes without a single object'],
  'class-name-empty': [E, 'classes with an empty name'],
  'class-name-repeated': [E, 'classes that have the name of another class'],
  'class-names-alike': [W, 'pairs of classes with nearly the same name: possibly a typing mistake'],
  'class-rare': [W, 'classes with very few objects'],
  'class-not-trained': [W, 'classes that validation or test photos hold and training photos do not'],
  'class-lists-differ': [E, 'lists of classes that contradict each other; the first named is used'],
  'class-names-unknown': [W, 'data sets without class names; classes are named by their number'],
  'class-placeholder': [N, 'placeholder categories (the name of the project, without objects); left out'],
  // Photos
  'image-missing': [E, 'photos without a file'],
  'image-unreadable': [E, 'photos that cannot be read'],
  'image-size-differs': [E, 'photos whose file has another size than stated'],
  'image-turned': [E, 'photos labelled lying: the stated size fits the file only without its EXIF orientation'],
  'image-listed-twice': [W, 'photos that one split lists twice'],
  'image-repeated': [W, 'photos with the same content as another one of their split'],
  leak: [E, 'photos that are in two splits, by content'],
  'file-name-outside': [
    W,
    'file names that lead out of the data set (absolute, ../ or a web address); only their last part was looked for',
  ],
  'file-name-backslash': [W, 'file names with backslashes; taken as slashes'],
  'file-name-differs': [
    W,
    'annotation files that name another photo than the one they are named after; that one is taken',
  ],
  'no-objects': [E, 'data sets without any object'],
  'split-missing': [E, 'splits whose photos are not there; left out'],
  'split-entry-unknown': [E, 'entries of split lists without an annotation; dropped'],
  // Annotation files
  'annotation-unreadable': [E, 'annotation files that cannot be read; their photos are left out'],
  'annotation-missing': [N, 'photos without an annotation; left out'],
  'annotation-without-image': [W, 'label files without a photo; ignored'],
  'label-missing': [N, 'photos without a label file; taken as background'],
  'label-shared': [W, 'photos that share their label file with another photo (a.jpg and a.png)'],
  'row-malformed': [E, 'rows that are no label; dropped'],
  'row-class': [E, 'rows whose class is no whole number of the list of classes; dropped'],
  'row-not-relative': [E, 'rows with coordinates outside 0..1 (in pixels?); dropped'],
  'row-repeated': [W, 'rows that repeat another one exactly; dropped'],
  'keypoints-left-out': [N, 'rows with key points; only their box is used'],
  'other-format': [N, 'other files that look like a data set; passed over'],
} as const

/** A kind of fault. */
export type ProblemKind = keyof typeof KINDS

/** All faults of one kind. */
export interface DatasetProblem {
  readonly kind: ProblemKind
  readonly severity: Severity
  /** What was found and what was done with it; a phrase to put behind the count. */
  readonly summary: string
  readonly count: number
  /** The first few, each with its place. */
  readonly examples: readonly string[]
}

/** How many examples are kept of a kind. */
export const MAX_EXAMPLES = 20

/** Collects faults by kind: memory stays bounded however many there are. */
export class ProblemList {
  readonly #counts = new Map<ProblemKind, { count: number; readonly examples: string[] }>()

  /** @param example one fault with its place; a function where making the text would cost. */
  add(kind: ProblemKind, example: string | (() => string)): void {
    let entry = this.#counts.get(kind)
    if (entry === undefined) {
      entry = { count: 0, examples: [] }
      this.#counts.set(kind, entry)
    }
    entry.count++
    if (entry.examples.length < MAX_EXAMPLES) entry.examples.push(typeof example === 'string' ? example : example())
  }

  /** Takes over what somebody else collected. */
  addAll(problems: readonly DatasetProblem[]): void {
    for (const { kind, count, examples } of problems) {
      const entry = this.#counts.get(kind) ?? { count: 0, examples: [] }
      entry.count += count
      entry.examples.push(...examples.slice(0, MAX_EXAMPLES - entry.examples.length))
      this.#counts.set(kind, entry)
    }
  }

  /** All kinds that were found, the gravest first. */
  list(): DatasetProblem[] {
    const order = Object.keys(KINDS)
    const severities = [E, W, N]
    return [...this.#counts]
      .map(([kind, { count, examples }]): DatasetProblem => {
        const [severity, summary] = KINDS[kind]
        return { kind, severity, summary, count, examples: [...examples] }
      })
      .sort(
        (a, b) =>
          severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
          order.indexOf(a.kind) - order.indexOf(b.kind),
      )
  }
}
