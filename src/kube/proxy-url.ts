import { Fault } from '../model/fault.ts'

const schemes = ['http:', 'https:', 'socks5:', 'socks5h:']

/**
 * The proxy that a cluster is reached through (client-go rest.Config.Proxy, `proxy-url`); undefined without one.
 *
 * @throws Fault ERR_KUBECONFIG; the URL is not quoted, as it may hold a password.
 */
export function proxyUrl(context: string, text: string): URL | undefined {
  if (text === '') return undefined
  const url = URL.parse(text)
  if (url !== null && schemes.includes(url.protocol) && url.hostname !== '') return url
  throw new Fault('ERR_KUBECONFIG', `The proxy-url of context "${context}" is not the URL of a proxy.`, {
    advice: `It begins with one of: ${schemes.map((scheme) => `${scheme}//`).join(', ')}.`,
  })
}
