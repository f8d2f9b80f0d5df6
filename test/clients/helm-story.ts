import type { Step } from './story.ts'

/** A small chart with the objects that charts are made of, and values that are secrets. */
export const chart: Readonly<Record<string, string>> = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: kettle\nversion: 1.0.0\nappVersion: "1.0"\n',
  'chart/values.yaml': 'replicas: 1\npassword: earl-grey\n',
  'chart/crds/brews.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: brews.kettle.example}
spec:
  group: kettle.example
  scope: Namespaced
  names: {plural: brews, singular: brew, kind: Brew, listKind: BrewList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {spec: {type: object, properties: {minutes: {type: integer}}}}
`,
  'chart/templates/all.yaml': `apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData: {password: {{ .Values.password }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: 'busybox:1.35', command: [sh, -c, 'while true; do sleep 1; done']}]
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80, protocol: TCP}]}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-hook
  annotations: {'helm.sh/hook': post-install, 'helm.sh/hook-delete-policy': hook-succeeded}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: hook, image: 'busybox:1.35', command: ['true']}]}
`,
  'chart/templates/brew.yaml': `apiVersion: kettle.example/v1
kind: Brew
metadata: {name: {{ .Release.Name }}}
spec: {minutes: 3}
`,
}

const helm = 'helm' as const

/** What a chart goes through. The namespace is the story's. */
export const helmStory: readonly Step[] = [
  { name: 'helm: namespace', line: 'create namespace tale' },
  { name: 'helm: list nothing', line: 'list', program: helm },
  { name: 'helm: install', line: 'install kettle chart --wait --timeout 60s', program: helm, compares: false },
  { name: 'helm: install twice', line: 'install kettle chart', program: helm, code: 1 },
  { name: 'helm: list', line: 'list -o json', program: helm, compares: false },
  { name: 'helm: status', line: 'status kettle', program: helm, compares: false },
  { name: 'helm: values', line: 'get values kettle --all', program: helm, through: 'masked' },
  { name: 'helm: manifest', line: 'get manifest kettle', program: helm, through: 'masked' },
  {
    name: 'helm: upgrade',
    line: 'upgrade kettle chart --set replicas=2 --wait --timeout 60s',
    program: helm,
    compares: false,
  },
  { name: 'helm: two replicas', line: 'get deployment kettle -o jsonpath={.spec.replicas}' },
  { name: 'helm: history', line: 'history kettle', program: helm, compares: false },
  { name: 'helm: rollback', line: 'rollback kettle 1 --wait --timeout 60s', program: helm },
  { name: 'helm: one replica', line: 'get deployment kettle -o jsonpath={.spec.replicas}' },
  { name: 'helm: the custom resource', line: 'get brew kettle -o jsonpath={.spec.minutes}' },
  {
    name: 'helm: dry run',
    line: 'upgrade kettle chart --set replicas=3 --dry-run=server',
    program: helm,
    compares: false,
  },
  { name: 'helm: uninstall', line: 'uninstall kettle --wait --timeout 60s', program: helm },
  { name: 'helm: nothing is left', line: 'get deployment,secret,service -o name -l app.kubernetes.io/managed-by=Helm' },
  { name: 'helm: definitions stay', line: 'get customresourcedefinition brews.kettle.example -o name' },
  { name: 'helm: clean up', line: 'delete namespace/tale customresourcedefinition/brews.kettle.example --timeout=60s' },
]
