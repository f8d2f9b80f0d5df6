/** Names whose values are taken for secrets, `*` for any characters and any case. */
export const secretNames: readonly string[] = [
  '*password*',
  '*passwd*',
  '*passphrase*',
  '*secret*',
  '*token*',
  '*api_key*',
  '*api-key*',
  '*apikey*',
  '*access_key*',
  '*access-key*',
  '*private_key*',
  '*private-key*',
  '*credential*',
]
