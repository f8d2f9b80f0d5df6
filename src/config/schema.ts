import { z } from 'zod'
import { identitySchema } from './identity-schema.ts'

/** The shape of chaperone.yaml. Its JSON Schema for editors is src/config/chaperone.schema.json. */
export const configSchema = z
  .strictObject({
    apiVersion: z.literal('chaperone/v1').describe('Always chaperone/v1.'),
    kind: z.literal('Config').describe('Always Config.'),
    kubeconfig: z.string().min(1).optional().describe('Path of the kubeconfig that holds the cluster credential.'),
    context: z.string().min(1).optional().describe('Context of that kubeconfig; default: its current-context.'),
    upstream: z
      .strictObject({
        impersonate: z
          .boolean()
          .optional()
          .describe('true: the cluster acts for each caller by name, groups and rights; default false.'),
      })
      .optional()
      .describe('How the broker speaks to the cluster.'),
    listen: z
      .string()
      .regex(
        /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost):\d{1,5}$/,
        'must be a loopback address and port, like 127.0.0.1:0',
      )
      .optional()
      .describe('Where kubectl reaches the broker; loopback only, port 0 takes a free one.'),
    policies: z
      .array(z.string().min(1))
      .optional()
      .describe('Policy files (AccessPolicy and MaskSet), relative to this file. Default: the built-in policy.'),
    identity: identitySchema.optional().describe('Whom the broker trusts to say who calls, besides its own sessions.'),
    recording: z
      .strictObject({
        version: z
          .union([z.literal(2), z.literal(3)])
          .optional()
          .describe('asciicast version; default 3.'),
      })
      .optional()
      .describe('How sessions are recorded.'),
    leader: z
      .string()
      .min(1)
      .optional()
      .describe('The one key that is Chaperone’s, like ctrl-] or f12; default ctrl-].'),
    keep: z
      .string()
      .regex(/^(0|(\d+(ms|s|m|h))+)$/, 'must be a duration, like 15m or 8h; 0 ends a shell with its terminal')
      .optional()
      .describe('How long a shell lives on when its terminal is gone; default 15m.'),
    clipboard: z
      .enum(['off', 'write'])
      .optional()
      .describe('write: programs in the shell may write the clipboard (OSC 52), never read it; default off.'),
    ui: z.enum(['full', 'line', 'none']).optional().describe('Default face of `chaperone shell`.'),
  })
  .describe('Configuration of Chaperone')

export type ConfigFile = z.infer<typeof configSchema>
