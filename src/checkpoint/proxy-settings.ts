/**
 * @file Which proxy a request goes through, by the rule of curl and Python: `http_proxy`, `https_proxy`, `all_proxy` and
 * `no_proxy`, lower case before upper case. (undici's EnvHttpProxyAgent reads the process's variables by
 * itself, knows no `all_proxy` and sends https through HTTP_PROXY.)
 */
import { DownloadError } from '../tensor/index.js'

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

const SCHEMES: readonly string[] = ['http:', 'https:', 'socks5:', 'socks:']

/**
 * The proxy for a request to `url`, undefined for a direct connection. A setting without a scheme means `http://`.
 * @throws DownloadError when the setting is not a URL of a scheme that can be used.
 */
export function proxyFor(url: URL, env: Variables): URL | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const setting = (variable(name, env) || variable('all_proxy', env))?.trim()
  if (!setting || isExempt(url, variable('no_proxy', env) ?? '')) return undefined
  // socks5h (the proxy resolves names) is what undici does for socks5 in any case.
  const text = (setting.includes('://') ? setting : `http://${setting}`).replace(/^socks5h:/i, 'socks5:')
  const proxy = URL.canParse(text) ? new URL(text) : undefined
  if (proxy === undefined || proxy.hostname === '' || !SCHEMES.includes(proxy.protocol)) {
    throw new DownloadError({
      where: name.toUpperCase(),
      expected: 'the address of an http, https or socks5 proxy',
      // The setting itself may hold a password.
      got: proxy === undefined ? 'something that is not a URL' : `the scheme ${proxy.protocol}//`,
      next: 'Write it like http://host:port, or put the server into NO_PROXY.',
    })
  }
  return proxy
}

function variable(name: string, env: Variables): string | undefined {
  return env[name] ?? env[name.toUpperCase()]
}

/** `no_proxy`: a list by commas or blanks of `*`, hosts and domains (with all below them), each with or without a port. */
function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true
      const [, name = entry, entryPort] = /^(.*[^:]):(\d+)$/.exec(entry) ?? []
      if (entryPort !== undefined && entryPort !== port) return false
      const bare = name.replace(/^\*?\./, '')
      return host === bare || host === `[${bare}]` || host.endsWith(`.${bare}`)
    })
}
