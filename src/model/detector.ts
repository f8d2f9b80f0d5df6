/** What a mask set can look for in free text. */
export const detectorNames = ['aws-access-key', 'private-key', 'jwt', 'bearer-token', 'connection-string'] as const
export type DetectorName = (typeof detectorNames)[number]
