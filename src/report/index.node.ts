/** @file The same, with photos and folders. */
export { type DatasetSheet, type DatasetSheetOptions, datasetSheet } from './dataset-sheet.node.js'
export { EventFile } from './event-file.node.js'
export * from './index.js'
export { writeEvaluation, writePicture, writeReport, writeWhole } from './report-folder.node.js'
