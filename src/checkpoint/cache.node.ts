/**
 * @file Where weights are kept, and which of them are already here: the cache of detrs, and the folder in
 * which Python's torch hub keeps the same files. Files of torch hub are read where they lie, never changed.
 */
import { posix, win32 } from 'node:path'
import { DownloadError, FileError } from '../tensor/index.js'
import { checkDemands, checkFile, type FileDemands } from './file-digest.node.js'

/** What the cache and the downloader must know of the process; the command line fills it from `process` and `os`. */
export interface CacheEnvironment {
  /** DETRS_CACHE, XDG_CACHE_HOME, LOCALAPPDATA, TORCH_HOME, and for downloads the proxy and offline variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** As `process.platform`. */
  readonly platform: string
  /** As `os.homedir()`. */
  readonly homedir: string
}

/** A weight file to look for. */
export interface WantedCheckpoint extends FileDemands {
  /** Plain file name, such as `detr-r50-e632da11.pth`. */
  readonly fileName: string
}

/** A weight file that is on this machine and is as demanded. */
export interface FoundCheckpoint {
  readonly path: string
  readonly origin: 'detrs-cache' | 'torch-hub'
  readonly sizeBytes: number
  /** All 64 hex digits, where a digest was demanded. */
  readonly sha256: string | undefined
}

/**
 * The folder of everything that detrs keeps: `DETRS_CACHE`; else on Windows `%LOCALAPPDATA%\detrs\Cache`; else, on macOS
 * as on Linux, `$XDG_CACHE_HOME/detrs` or `~/.cache/detrs`, beside the caches of torch and Hugging Face.
 * @throws FileError when neither a variable nor a home folder says where.
 */
export function cacheFolder(environment: CacheEnvironment): string {
  const { env, platform } = environment
  const path = pathsOf(environment)
  if (env['DETRS_CACHE']) return path.resolve(expandHome(env['DETRS_CACHE'], environment))
  if (platform === 'win32') {
    return path.join(env['LOCALAPPDATA'] || path.join(home(environment), 'AppData', 'Local'), 'detrs', 'Cache')
  }
  return path.join(userCacheFolder(environment), 'detrs')
}

/** The folder of downloaded weights inside `cacheFolder`. */
export function checkpointFolder(environment: CacheEnvironment): string {
  return pathsOf(environment).join(cacheFolder(environment), 'checkpoints')
}

/**
 * Where the cache of detrs keeps (or would keep) a weight file.
 * @throws DownloadError when `fileName` is not a plain file name: letters, digits, `.`, `_`, `-`, at most 200 of them.
 */
export function checkpointPath(fileName: string, environment: CacheEnvironment): string {
  if (!/^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9_])?$/.test(fileName)) {
    throw new DownloadError({
      where: 'fileName',
      expected: 'a plain file name of at most 200 letters, digits, ".", "_" and "-"',
      got: JSON.stringify(fileName.slice(0, 300)),
    })
  }
  return pathsOf(environment).join(checkpointFolder(environment), fileName)
}

/** The folder in which torch hub keeps weights, by the rule of `torch.hub` on every platform. */
export function torchHubFolder(environment: CacheEnvironment): string {
  const { env } = environment
  const path = pathsOf(environment)
  const torchHome = env['TORCH_HOME']
    ? path.resolve(expandHome(env['TORCH_HOME'], environment))
    : path.join(userCacheFolder(environment), 'torch')
  return path.join(torchHome, 'hub', 'checkpoints')
}

/**
 * Looks for a weight file on this machine, without any network: first the cache of detrs, then torch hub's folder.
 * A file of torch hub counts only where a digest is demanded and fits; one that does not fit is passed over.
 * @throws FileError when the file in the cache of detrs is not as demanded: somebody changed it.
 * @throws DownloadError when the name, digest or size in `wanted` is not valid; the reason of `signal` when it aborts.
 */
export async function findCheckpoint(
  wanted: WantedCheckpoint,
  environment: CacheEnvironment,
  signal?: AbortSignal | undefined,
): Promise<FoundCheckpoint | undefined> {
  const demands = checkDemands(wanted, wanted.fileName)
  const own = checkpointPath(wanted.fileName, environment)
  const facts = await checkFile(own, demands, signal)
  if (facts !== undefined) {
    if (facts.misfit !== undefined) {
      throw new FileError({
        where: own,
        ...facts.misfit,
        next: 'Move this file away: the right one can then be downloaded.',
      })
    }
    return { path: own, origin: 'detrs-cache', sizeBytes: facts.sizeBytes, sha256: facts.sha256 }
  }
  if (demands.sha256 === undefined) return undefined
  const foreign = pathsOf(environment).join(torchHubFolder(environment), wanted.fileName)
  const foreignFacts = await checkFile(foreign, demands, signal).catch((error: unknown) => {
    if (error instanceof FileError) return undefined
    throw error
  })
  if (foreignFacts === undefined || foreignFacts.misfit !== undefined) return undefined
  return { path: foreign, origin: 'torch-hub', sizeBytes: foreignFacts.sizeBytes, sha256: foreignFacts.sha256 }
}

function pathsOf(environment: CacheEnvironment): typeof posix {
  return environment.platform === 'win32' ? win32 : posix
}

/** The XDG specification says that a relative XDG_CACHE_HOME must be ignored. */
function userCacheFolder(environment: CacheEnvironment): string {
  const path = pathsOf(environment)
  const xdg = environment.env['XDG_CACHE_HOME']
  return xdg && path.isAbsolute(xdg) ? xdg : path.join(home(environment), '.cache')
}

/** A `~` in a variable was not expanded where no shell set it: a Dockerfile, a service file. */
function expandHome(folder: string, environment: CacheEnvironment): string {
  return /^~(?=$|[/\\])/.test(folder) ? home(environment) + folder.slice(1) : folder
}

function home(environment: CacheEnvironment): string {
  if (environment.homedir !== '') return environment.homedir
  throw new FileError({
    where: 'cache folder',
    expected: 'a home folder',
    got: 'none',
    next: 'Set DETRS_CACHE to the folder where weights are to be kept.',
  })
}
