import type { MessageTables } from '../table.ts'

/** Messages of scheduling/v1 (k8s.io/api scheduling/v1/generated.proto for numbers, types.go for presence). */
export const schedulingMessages: MessageTables = {
  PriorityClass: {
    metadata: '1 ObjectMeta',
    value: '2! int32',
    globalDefault: '3 bool',
    description: '4 string',
    preemptionPolicy: '5? string',
  },
}
