/** @file What is wrong with a data set: kinds of faults, how grave each is, what becomes of what has it. */

/** Errors make a data set wrong to train on; warnings are worth a look; notes only say what was done. */
export type Severity = 'error' | 'warning' | 'note'

// Every phrase goes with a count before it and says what became of the things counted.

const ERRORS = {
  'image-missing': 'photos without a file; left out of training and evaluation',
  'image-unreadable': 'photos that cannot be read',
  'image-size-differs': 'photos whose file has another size than stated',
  'image-turned': 'photos labelled lying: their stated size fits the file only without its EXIF orientation',
  leak: 'photos that are in two splits, by content',
  'no-objects': 'data sets without any object',
  'split-missing': 'splits whose photos are not there; left out',
  'split-entry-unknown': 'entries of split lists without an annotation; dropped',
  'split-contradicted': 'photos whose rows name different splits; the first named is taken',
  'annotation-unreadable': 'annotation files that cannot be read; their objects are left out',
  'box-not-four-numbers': 'boxes that are not four numbers; dropped',
  'box-missing': 'annotations without a box, and without polygons to take it from; dropped',
  'box-not-finite': 'boxes with a coordinate that is no finite number; dropped',
  'box-negative': 'boxes with a negative width or height (corners in the wrong order?); dropped',
  'box-outside': 'boxes wholly outside their photo; dropped',
  'boxes-look-like-corners': 'annotation files whose boxes look like corners, not x, y, width, height; kept as written',
  'boxes-look-relative': 'data sets whose boxes look like fractions of the photo, not pixels; kept as written',
  'row-malformed': 'rows that are no label; dropped',
  'row-class': 'rows whose class is not a number of the list of classes; dropped',
  'row-not-relative': 'rows with coordinates outside 0..1 (in pixels?); dropped',
  'image-id-repeated': 'photos with the id of another photo; dropped',
  'id-not-usable': 'entries whose id is missing or no whole number below 2^53; dropped',
  'image-unknown': 'annotations of a photo that is not listed; dropped',
  'category-unknown': 'annotations of a category that is not listed; dropped',
  'class-unknown': 'objects of a class that is not in the list of classes; dropped',
  'class-name-empty': 'classes with an empty name',
  'class-lists-differ': 'lists of classes that contradict each other; the first named is used',
} as const

const WARNINGS = {
  'box-zero-size': 'boxes of zero width or height; dropped',
  'box-partly-outside': 'boxes that reach more than a pixel out of their photo; clamped to it',
  'box-repeated': 'boxes that repeat another of the same class and photo exactly; kept',
  'row-repeated': 'rows that repeat another one exactly; dropped',
  'mask-malformed': 'masks that are neither polygons nor run lengths; left out',
  'annotation-id-repeated': 'annotations with the id of another one; kept',
  'annotation-id-missing': 'annotations without a usable id; kept',
  'category-repeated': 'categories that are listed twice under one id; merged',
  'class-name-repeated': 'classes with the name of another class; merged with it',
  'id-of-other-type': 'ids that are text in one place and a number in another; taken as equal',
  'class-unused': 'classes without a single object',
  'class-rare': 'classes with very few objects',
  'class-names-alike': 'pairs of classes with nearly the same name: a typing mistake?',
  'class-not-trained': 'classes of validation or test photos that no training photo shows',
  'class-names-unknown': 'data sets without class names; classes are named by their number',
  'image-listed-twice': 'photos that one split lists twice',
  'image-repeated': 'photos with the same content as another one of their split',
  'file-name-outside':
    'file names that lead elsewhere (absolute, ../, web address); only their last part was looked for',
  'file-name-backslash': 'file names with backslashes; taken as slashes',
  'file-name-differs': 'annotation files that name another photo than they are named after; the latter is taken',
  'annotation-without-image': 'label files without a photo; ignored',
  'label-shared': 'photos that share their label file with another photo (a.jpg and a.png)',
} as const

const NOTES = {
  'box-past-edge': 'boxes that reach out of their photo by a pixel or less; clamped to it',
  'box-of-polygons': 'annotations without a box; the extent of their polygons is taken',
  'boxes-from-zero': 'Pascal VOC sets with a box before pixel 1; all numbers are taken as edges from 0',
  'annotation-id-zero': 'annotations with the id 0, which pycocotools never counts as found; kept',
  'annotation-missing': 'photos without an annotation; left out',
  'label-missing': 'photos without a label file; taken as background',
  'keypoints-left-out': 'rows with key points; only their box is used',
  'class-placeholder': 'placeholder categories (the parent of all others, without objects); left out',
  'other-format': 'other files that look like a data set; passed over',
} as const

const PHRASES = { ...ERRORS, ...WARNINGS, ...NOTES }

/** A kind of fault. */
export type ProblemKind = keyof typeof ERRORS | keyof typeof WARNINGS | keyof typeof NOTES

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
const MAX_EXAMPLES = 20

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

  /** Takes over what was found earlier. */
  addAll(problems: readonly DatasetProblem[]): void {
    for (const { kind, count, examples } of problems) {
      const entry = this.#counts.get(kind) ?? { count: 0, examples: [] }
      entry.examples.push(...examples.slice(0, MAX_EXAMPLES - entry.examples.length))
      this.#counts.set(kind, { count: entry.count + count, examples: entry.examples })
    }
  }

  /** All kinds that were found, the gravest first. */
  list(): DatasetProblem[] {
    const order = Object.keys(PHRASES)
    return [...this.#counts]
      .map(
        ([kind, { count, examples }]): DatasetProblem => ({
          kind,
          severity: kind in ERRORS ? 'error' : kind in WARNINGS ? 'warning' : 'note',
          summary: PHRASES[kind],
          count,
          examples: [...examples],
        }),
      )
      .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  }
}
