import { read, readList, readText } from '../state/objects.ts'
import { age, column, createdAt, name, orNone, wide } from './columns.ts'
import { required } from './podspec.ts'
import { resource, statusSubresource } from './resource.ts'

const group = 'storage.k8s.io'

const yesOrNo = (value: unknown) => String(value === true)

const isDefault = 'storageclass.kubernetes.io/is-default-class'

export const storageClasses = resource({
  group,
  plural: 'storageclasses',
  kind: 'StorageClass',
  shortNames: ['sc'],
  namespaced: false,
  columns: [
    {
      ...name,
      cell: ({ metadata }) => metadata.name + (metadata.annotations?.[isDefault] === 'true' ? ' (default)' : ''),
    },
    column('Provisioner', (one) => readText(one, 'provisioner')),
    column('ReclaimPolicy', (one) => readText(one, 'reclaimPolicy')),
    column('VolumeBindingMode', (one) => readText(one, 'volumeBindingMode')),
    column('AllowVolumeExpansion', (one) => yesOrNo(read(one, 'allowVolumeExpansion'))),
    age,
  ],
  complete: (one) => ({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', ...one }),
  validate: (one) => (readText(one, 'provisioner') === '' ? [required('provisioner')] : []),
})

export const csiDrivers = resource({
  group,
  plural: 'csidrivers',
  kind: 'CSIDriver',
  namespaced: false,
  columns: [
    name,
    column('AttachRequired', (one) => yesOrNo(read(one, 'spec.attachRequired'))),
    column('PodInfoOnMount', (one) => yesOrNo(read(one, 'spec.podInfoOnMount'))),
    column('StorageCapacity', (one) => yesOrNo(read(one, 'spec.storageCapacity'))),
    age,
  ],
})

export const csiNodes = resource({
  group,
  plural: 'csinodes',
  kind: 'CSINode',
  namespaced: false,
  columns: [name, column('Drivers', (one) => readList(one, 'spec.drivers').length), age],
})

export const volumeAttachments = resource({
  group,
  plural: 'volumeattachments',
  kind: 'VolumeAttachment',
  namespaced: false,
  subresources: [statusSubresource],
  columns: [
    name,
    column('Attacher', (one) => readText(one, 'spec.attacher')),
    column('PV', (one) => orNone(readText(one, 'spec.source.persistentVolumeName'))),
    column('Node', (one) => readText(one, 'spec.nodeName')),
    column('Attached', (one) => yesOrNo(read(one, 'status.attached'))),
    age,
  ],
})

export const csiStorageCapacities = resource({
  group,
  plural: 'csistoragecapacities',
  kind: 'CSIStorageCapacity',
  columns: [
    name,
    column('StorageClassName', (one) => readText(one, 'storageClassName')),
    column('Capacity', (one) => readText(one, 'capacity')),
    wide('Age', (one, now) => String(age.cell(one, now))),
  ],
})

export const priorityClasses = resource({
  group: 'scheduling.k8s.io',
  plural: 'priorityclasses',
  kind: 'PriorityClass',
  shortNames: ['pc'],
  namespaced: false,
  columns: [
    name,
    column('Value', (one) => Number(read(one, 'value') ?? 0)),
    column('Global-Default', (one) => yesOrNo(read(one, 'globalDefault'))),
    age,
    column('PreemptionPolicy', (one) => readText(one, 'preemptionPolicy')),
  ],
  complete: (one) => ({ preemptionPolicy: 'PreemptLowerPriority', ...one }),
})

export const runtimeClasses = resource({
  group: 'node.k8s.io',
  plural: 'runtimeclasses',
  kind: 'RuntimeClass',
  namespaced: false,
  columns: [name, column('Handler', (one) => readText(one, 'handler')), age],
  validate: (one) => (readText(one, 'handler') === '' ? [required('handler')] : []),
})

export const ingressClasses = resource({
  group: 'networking.k8s.io',
  plural: 'ingressclasses',
  kind: 'IngressClass',
  singular: 'ingressclass',
  namespaced: false,
  columns: [
    name,
    column('Controller', (one) => readText(one, 'spec.controller')),
    column('Parameters', (one) => orNone(readText(one, 'spec.parameters.name'))),
    age,
  ],
})

const admission = 'admissionregistration.k8s.io'

const hooks = (plural: string, kind: string) =>
  resource({
    group: admission,
    plural,
    kind,
    namespaced: false,
    generations: true,
    columns: [name, column('Webhooks', (one) => readList(one, 'webhooks').length), age],
  })

/** Stored and shown; nothing calls them. */
export const mutatingWebhooks = hooks('mutatingwebhookconfigurations', 'MutatingWebhookConfiguration')
export const validatingWebhooks = hooks('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration')

export const validatingPolicies = resource({
  group: admission,
  plural: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
  namespaced: false,
  generations: true,
  subresources: [statusSubresource],
  columns: [
    name,
    column('Validations', (one) => readList(one, 'spec.validations').length),
    column('ParamKind', (one) => readText(one, 'spec.paramKind.kind') || '<unset>'),
    age,
  ],
})

export const validatingPolicyBindings = resource({
  group: admission,
  plural: 'validatingadmissionpolicybindings',
  kind: 'ValidatingAdmissionPolicyBinding',
  namespaced: false,
  generations: true,
  columns: [
    name,
    column('PolicyName', (one) => readText(one, 'spec.policyName')),
    column('ParamRef', (one) => readText(one, 'spec.paramRef.name') || '<unset>'),
    age,
  ],
})

export const controllerRevisions = resource({
  group: 'apps',
  plural: 'controllerrevisions',
  kind: 'ControllerRevision',
  columns: [
    name,
    column('Controller', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
      return owner === undefined ? '<none>' : `${owner.kind.toLowerCase()}.apps/${owner.name}`
    }),
    column('Revision', (one) => Number(read(one, 'revision') ?? 0)),
    age,
  ],
})

export const podTemplates = resource({
  plural: 'podtemplates',
  kind: 'PodTemplate',
  columns: [name, createdAt],
})
