import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import type { SubjectList } from '../identity/port.ts'
import { Fault } from '../model/fault.ts'
import { fileProblem } from './file-problem.ts'
import type { Source } from './file-watch.ts'
import { changeableByOthers } from './others.ts'
import { parseAs } from './parse.ts'

/** Some 1,700 subjects: more of them would stop the broker for a second when the file changes. */
const maxBytes = 256 * 1024

/** Without a colon, so that no name is one of the cluster's or of Chaperone's own. */
const name = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,127}$/u,
    'must begin with a letter or digit and hold only these and . _ @ + -',
  )
const group = z
  .string()
  .regex(
    /^(?:chaperone:(?:operators|reviewers)|[\p{L}\p{N}](?:[\p{L}\p{N}._@+/ -]{0,126}[\p{L}\p{N}])?)$/u,
    'must be chaperone:operators, chaperone:reviewers, or a name of letters, digits and . _ @ + / -',
  )

/** The first bytes of every Ed25519 SubjectPublicKeyInfo (RFC 8410 section 4), in Base64; 32 bytes of key follow. */
const publicKey = z
  .string()
  .regex(/^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'must be a key as `chaperone subject key` prints it')

const subjectsSchema = z
  .strictObject({
    apiVersion: z.literal('chaperone/v1').describe('Always chaperone/v1.'),
    kind: z.literal('Subjects').describe('Always Subjects.'),
    audience: z.string().min(16, 'must be 16 characters or more, which no other file has'),
    subjects: z.array(z.strictObject({ name, groups: z.array(group).max(256).optional(), publicKey })),
  })
  .superRefine(({ subjects }, context) => {
    for (const key of ['name', 'publicKey'] as const) {
      const seen = new Set<string>()
      for (const [index, subject] of subjects.entries()) {
        const text = key === 'name' ? subject.name.normalize('NFKC').toLowerCase() : subject.publicKey
        const message = key === 'name' ? 'is there twice, but for its spelling' : 'belongs to another subject as well'
        if (seen.has(text)) context.addIssue({ code: 'custom', path: ['subjects', index, key], message })
        seen.add(text)
      }
    }
  })

/** Parses a subjects file; `path` is only for messages. Throws ERR_CONFIG: each problem with file, line and key. */
export function parseSubjects({ file, text }: Source): SubjectList {
  const { audience, subjects } = parseAs(subjectsSchema, text, file)
  return { audience, subjects: subjects.map(({ groups = [], ...subject }) => ({ ...subject, groups })) }
}

/** Reads one. Rejects with ERR_CONFIG, also when others may change it: whoever may would be whom they like. */
export async function readSubjectsFile(path: string): Promise<Source> {
  try {
    const open = await changeableByOthers(path, 'everybody else')
    if (open !== undefined) throw writable(open)
    const { size } = await stat(path)
    if (size > maxBytes) throw tooLarge(path)
    return { file: path, text: await readFile(path, 'utf8') }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('ERR_CONFIG', `Cannot read the subjects file ${path}: ${fileProblem(cause)}.`, {
      advice: 'Make it with `chaperone subject add NAME`, or correct identity.subjects.',
      cause,
    })
  }
}

function tooLarge(path: string): Fault {
  return new Fault('ERR_CONFIG', `The subjects file ${path} is larger than 256 KiB.`, {
    advice: 'So many people are better known by a provider: see identity.people.',
  })
}

function writable(path: string): Fault {
  return new Fault('ERR_CONFIG', `Others may change ${path}, and so the list of subjects: nobody is known by it.`, {
    advice: `Run: chmod go-w ${path}`,
  })
}
