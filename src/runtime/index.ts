/** @file The interface through which graphs run, and a cache of sessions. Engines: index.node.ts, index.web.ts. */
export * from './session.js'
export * from './session-cache.js'
export { SessionLife } from './session-life.js'
