/** @file How large an image may be. */

/** Pillow refuses images of more pixels: twice its warning limit, which is a quarter of a gibibyte of RGB. */
export const MAX_PIXELS: number = 2 * 89_478_485
