import { expect, it } from 'vitest'
import { actingAs } from '../../src/proxy/acting.ts'
import { session, subject } from './house.ts'

it('a caller cannot say under which session or review the cluster acts for it', () => {
  const extra = { 'chaperone/Held': ['h-forged'], 'CHAPERONE/session': ['s-forged'], 'chaperone/run': ['42'] }
  expect(actingAs({ subject: { ...subject, extra }, session }, { auditID: 'a-1' }).extra).toEqual({
    'chaperone/run': ['42'],
    'chaperone/session': [session.id],
    'chaperone/audit-id': ['a-1'],
    'chaperone/held': [],
    'chaperone/on-behalf-of': [],
    'chaperone/asked-by': [],
  })
})
