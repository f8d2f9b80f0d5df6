/** One command of the story that every client tells. */
export interface Step {
  /** Words that say what is done; unique. */
  readonly name: string
  /** Arguments of kubectl, or of another program when `program` is given; words are split at spaces, '…' holds them together. */
  readonly line: string
  readonly program?: 'kubectl' | 'helm' | 'sh'
  readonly stdin?: string
  /** Exit code that is expected (default 0). */
  readonly code?: number
  /** First and last minor version of kubectl that has the command. */
  readonly from?: number
  readonly until?: number
  /** False for commands whose output holds nothing to compare but that they ended well. */
  readonly compares?: boolean
  /** True for output whose lines come in an order by chance. */
  readonly unordered?: true
  /** What a Kubernetes of 1.20 cannot do, so that the step is left out there. */
  readonly newer?: string
  /** What the broker makes of it, where it is not the same as directly: a secret is masked, or the command is refused. */
  readonly through?: 'masked' | 'no impersonation' | 'no streams'
}

/** Files in the working folder of the story. */
export const files: Readonly<Record<string, string>> = {
  'app.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: tale}}
data: {colour: green, 'app.properties': "a=1\\nb=2\\n"}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, labels: {app: tale}}
stringData: {token: s3cr3t-value}
---
apiVersion: v1
kind: Service
metadata: {name: tale, labels: {app: tale}}
spec: {selector: {app: tale}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: tale, labels: {app: tale}}
spec:
  replicas: 2
  selector: {matchLabels: {app: tale}}
  template:
    metadata: {labels: {app: tale}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: busybox:1.35
        command: [sh, -c, 'echo started; while true; do sleep 1; done']
        ports: [{containerPort: 8080}]
        env: [{name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}]
`,
  'app2.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: tale}}
data: {colour: blue, 'app.properties': "a=1\\nb=3\\n"}
`,
  'server-side.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: sided}
data: {one: '1', two: '2'}
`,
  'server-side2.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: sided}
data: {one: uno}
`,
  'replace.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: red}
`,
  'pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: solo, labels: {app: solo}}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
  - name: first
    image: busybox:1.35
    command: [sh, -c, 'echo one; echo two; echo three; while true; do sleep 1; done']
  - name: second
    image: busybox:1.35
    command: [sh, -c, 'echo other; while true; do sleep 1; done']
`,
  'job.yaml': `apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: sum, image: 'busybox:1.35', command: [sh, -c, 'echo 42']}]
`,
  'bad-unknown.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: bad}
dada: {colour: red}
`,
  'bad-type.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: bad}
spec: {replicas: many, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}
`,
  'bad-empty.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: bad}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: c, image: i}]}}}
`,
  'kustomization.yaml': `resources: [server-side.yaml]
namePrefix: kust-
`,
  editor: `#!/bin/sh
sed -i 's/colour: .*/colour: edited/' "$1"
`,
  'payload.txt': 'carried there and back\n',
}

const pod = 'solo'

/** What a day with kubectl is made of, in an order in which it works; the namespace is \`tale\`. */
export const story: readonly Step[] = [
  { name: 'create namespace', line: 'create namespace tale' },
  { name: 'create namespace twice', line: 'create namespace tale', code: 1 },
  {
    name: 'wait for the default service account',
    line: "sh -c 'until kubectl -n tale get serviceaccount default; do sleep 0.2; done'",
    program: 'sh',
    compares: false,
  },
  { name: 'apply creates', line: 'apply -f app.yaml' },
  { name: 'apply changes nothing', line: 'apply -f app.yaml' },
  { name: 'diff finds a change', line: 'diff -f app2.yaml', code: 1, compares: false },
  { name: 'apply configures', line: 'apply -f app2.yaml' },
  { name: 'diff finds none', line: 'diff -f app2.yaml' },
  { name: 'rollout status', line: 'rollout status deployment/tale --timeout=60s', compares: false },
  { name: 'wait available', line: 'wait --for=condition=available deployment/tale --timeout=60s' },
  { name: 'get pods', line: 'get pods' },
  { name: 'get pods wide', line: 'get pods -o wide' },
  { name: 'get all', line: 'get all' },
  { name: 'get deployment json', line: 'get deployment tale -o json' },
  { name: 'get service yaml', line: 'get service tale -o yaml' },
  { name: 'get secret yaml', line: 'get secret keys -o yaml', through: 'masked' },
  { name: 'get names', line: 'get configmap,secret -l app=tale -o name' },
  { name: 'get jsonpath', line: 'get configmap settings -o jsonpath={.data.colour}' },
  { name: 'get go-template', line: "get configmap settings -o go-template='{{.data.colour}}'" },
  { name: 'get custom columns', line: 'get deployment -o custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas' },
  { name: 'get labels', line: 'get deployment --show-labels' },
  { name: 'get label columns', line: 'get deployment -L app' },
  { name: 'get sorted', line: 'get configmap -l app=tale --sort-by=.metadata.name' },
  { name: 'get in pages', line: 'get secrets,configmaps -l app=tale --chunk-size=1' },
  { name: 'get by field', line: 'get configmap --field-selector metadata.name=settings' },
  { name: 'get a missing one', line: 'get configmap nothing', code: 1 },
  { name: 'get and ignore', line: 'get configmap nothing --ignore-not-found' },
  { name: 'get an unknown resource', line: 'get teapots', code: 1 },
  { name: 'get by a bad selector', line: 'get pods -l app===', code: 1 },
  { name: 'get by a bad field', line: 'get pods --field-selector spec.colour=x', code: 1 },
  { name: 'describe deployment', line: 'describe deployment tale' },
  { name: 'describe service', line: 'describe service tale' },
  { name: 'describe secret', line: 'describe secret keys', through: 'masked' },
  { name: 'describe configmap', line: 'describe configmap settings', unordered: true },
  { name: 'describe namespace', line: 'describe namespace tale' },
  { name: 'label', line: 'label configmap settings mood=calm' },
  { name: 'label without overwrite', line: 'label configmap settings mood=wild', code: 1 },
  { name: 'label away', line: 'label configmap settings mood-' },
  { name: 'annotate', line: 'annotate configmap settings note=kept' },
  {
    name: 'patch strategic',
    line: `patch deployment tale -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"EXTRA","value":"1"}]}]}}}}'`,
  },
  { name: 'patch merge', line: `patch configmap settings --type=merge -p '{"data":{"merged":"yes"}}'` },
  { name: 'patch json', line: `patch configmap settings --type=json -p '[{"op":"remove","path":"/data/merged"}]'` },
  {
    name: 'patch json that fails its test',
    line: `patch configmap settings --type=json -p '[{"op":"test","path":"/data/colour","value":"x"}]'`,
    code: 1,
  },
  { name: 'patch changes nothing', line: `patch configmap settings --type=merge -p '{"data":{"colour":"blue"}}'` },
  { name: 'edit', line: 'edit configmap settings' },
  { name: 'replace', line: 'replace -f replace.yaml' },
  { name: 'apply server-side', line: 'apply --server-side -f server-side.yaml' },
  {
    name: 'apply server-side in conflict',
    line: 'apply --server-side --field-manager=other -f server-side2.yaml',
    code: 1,
  },
  {
    name: 'apply server-side by force',
    line: 'apply --server-side --field-manager=other --force-conflicts -f server-side2.yaml',
  },
  { name: 'get managed fields', line: 'get configmap sided -o yaml --show-managed-fields' },
  { name: 'dry run on the server', line: 'create configmap dry --from-literal=a=b --dry-run=server -o yaml' },
  { name: 'dry run left nothing', line: 'get configmap dry', code: 1 },
  { name: 'kustomize', line: 'apply -k .' },
  { name: 'an unknown field', line: 'apply -f bad-unknown.yaml', code: 1, newer: 'field validation on the server' },
  { name: 'a wrong type', line: 'create -f bad-type.yaml --validate=false', code: 1 },
  { name: 'an invalid object', line: 'create -f bad-empty.yaml --validate=false', code: 1 },
  { name: 'scale', line: 'scale deployment tale --replicas=3' },
  { name: 'scale from the wrong number', line: 'scale deployment tale --current-replicas=7 --replicas=1', code: 1 },
  { name: 'set image', line: 'set image deployment/tale main=busybox:1.35' },
  { name: 'set env', line: 'set env deployment/tale MODE=fast' },
  { name: 'set resources', line: 'set resources deployment tale --requests=cpu=1m' },
  { name: 'rollout restart', line: 'rollout restart deployment/tale' },
  { name: 'rollout status again', line: 'rollout status deployment/tale --timeout=90s', compares: false },
  { name: 'rollout history', line: 'rollout history deployment/tale' },
  { name: 'rollout pause', line: 'rollout pause deployment/tale' },
  { name: 'rollout resume', line: 'rollout resume deployment/tale' },
  { name: 'rollout undo', line: 'rollout undo deployment/tale' },
  { name: 'expose', line: 'expose deployment tale --name=shown --port=80' },
  { name: 'autoscale', line: 'autoscale deployment tale --min=1 --max=3', compares: false },
  { name: 'create secret', line: 'create secret generic made --from-literal=password=hush' },
  {
    name: 'create registry secret',
    line: 'create secret docker-registry pull --docker-server=r.example --docker-username=u --docker-password=p',
  },
  { name: 'create role', line: 'create role looker --verb=get,list --resource=pods,configmaps' },
  {
    name: 'create role binding',
    line: 'create rolebinding lookers --role=looker --user=jane --serviceaccount=tale:bot',
  },
  {
    name: 'create cluster role',
    line: 'create clusterrole tale-nodes --verb=get --resource=nodes --dry-run=server -o yaml',
  },
  { name: 'create service account', line: 'create serviceaccount bot' },
  { name: 'create quota', line: 'create quota small --hard=services=9' },
  { name: 'create job', line: 'create -f job.yaml' },
  { name: 'wait for the job', line: 'wait --for=condition=complete job/sum --timeout=60s' },
  { name: 'logs of the job', line: 'logs job/sum' },
  { name: 'create ingress', line: 'create ingress way --rule=tale.example/*=tale:80', compares: false },
  {
    name: 'create cron job',
    line: "create cronjob tick --image=busybox:1.35 --schedule='*/5 * * * *' -- date",
    newer: 'batch/v1 CronJob',
  },
  {
    name: 'create budget',
    line: 'create poddisruptionbudget pdb --selector=app=none --min-available=1',
    newer: 'policy/v1',
  },
  { name: 'create token', line: 'create token bot', compares: false },
  { name: 'can-i yes', line: 'auth can-i create pods' },
  { name: 'can-i as another', line: 'auth can-i list pods --as=jane', through: 'no impersonation' },
  { name: 'can-i no', line: 'auth can-i delete pods --as=jane', code: 1, through: 'no impersonation' },
  { name: 'can-i list', line: 'auth can-i --list --as=jane', compares: false, through: 'no impersonation' },
  { name: 'get as another', line: 'get pods --as=jane -l app=none', through: 'no impersonation' },
  { name: 'get what another may not', line: 'get secrets --as=jane', code: 1, through: 'no impersonation' },
  { name: 'whoami', line: 'auth whoami', newer: 'SelfSubjectReview', compares: false },
  { name: 'create pod', line: 'create -f pod.yaml' },
  { name: 'wait ready', line: `wait --for=condition=ready pod/${pod} --timeout=60s` },
  { name: 'get pod', line: `get pod ${pod}` },
  { name: 'describe pod', line: `describe pod ${pod}`, compares: false },
  { name: 'logs', line: `logs ${pod} -c first` },
  { name: 'logs tail', line: `logs ${pod} -c first --tail=1` },
  { name: 'logs of all containers', line: `logs ${pod} --all-containers --prefix`, unordered: true },
  { name: 'logs of no container', line: `logs ${pod} -c nobody`, code: 1 },
  { name: 'logs of a run that was not', line: `logs ${pod} -c first --previous`, code: 1 },
  { name: 'exec', line: `exec ${pod} -c first -- echo hello`, through: 'no streams' },
  {
    name: 'exec with input',
    line: `exec -i ${pod} -c first -- cat`,
    stdin: 'through the pipe\n',
    through: 'no streams',
  },
  { name: 'exec fails', line: `exec ${pod} -c first -- sh -c 'exit 7'`, code: 7, through: 'no streams' },
  {
    name: 'exec of nothing',
    line: `exec ${pod} -c first -- nothing-like-this`,
    code: 1,
    compares: false,
    through: 'no streams',
  },
  { name: 'cp there', line: `cp payload.txt ${pod}:/tmp/payload.txt -c first`, through: 'no streams' },
  { name: 'cp back', line: `cp ${pod}:/tmp/payload.txt back.txt -c first`, compares: false, through: 'no streams' },
  { name: 'cp came through', line: 'cmp payload.txt back.txt', program: 'sh', through: 'no streams' },
  {
    name: 'port-forward',
    line: "sh -c 'kubectl -n tale port-forward pod/solo 0:80 >pf.txt 2>&1 & p=$!; until grep -q Forwarding pf.txt; do kill -0 $p || exit 1; sleep 0.1; done; kill $p; wait $p; true'",
    program: 'sh',
    compares: false,
    through: 'no streams',
  },
  {
    name: 'run and attach',
    line: 'run once --image=busybox:1.35 --restart=Never --rm -i --quiet -- echo from-inside',
    compares: false,
    through: 'no streams',
  },
  {
    name: 'watch',
    line: "sh -c 'exec 2>&-; : >watch.txt; kubectl -n tale get configmap settings -w -o name >watch.txt & p=$!; until grep -q settings watch.txt; do sleep 0.1; done; kill $p; wait $p; cat watch.txt'",
    program: 'sh',
  },
  {
    name: 'events',
    line: 'get events --field-selector involvedObject.name=solo,reason=Started -o custom-columns=REASON:.reason,TYPE:.type',
  },
  {
    name: 'cordon',
    line: "sh -c 'kubectl cordon $(kubectl get nodes -o name | head -1)'",
    program: 'sh',
    compares: false,
  },
  {
    name: 'uncordon',
    line: "sh -c 'kubectl uncordon $(kubectl get nodes -o name | head -1)'",
    program: 'sh',
    compares: false,
  },
  {
    name: 'taint',
    line: "sh -c 'n=$(kubectl get nodes -o name | head -1 | cut -d/ -f2); kubectl taint node $n tale=1:PreferNoSchedule && kubectl taint node $n tale-'",
    program: 'sh',
    compares: false,
  },
  { name: 'top', line: 'top nodes', compares: false, newer: 'a metrics server' },
  { name: 'raw', line: 'get --raw /api/v1/namespaces/tale/configmaps/settings' },
  { name: 'raw of a missing path', line: 'get --raw /apis/none.example/v1', code: 1 },
  {
    name: 'proxy',
    line: "sh -c 'kubectl proxy --port=0 >proxy.txt & p=$!; until grep -q Starting proxy.txt; do sleep 0.1; done; a=$(sed s/.*on.//  proxy.txt); curl -sf http://$a/api/v1/namespaces/tale/configmaps/settings | grep -c colour; kill $p'",
    program: 'sh',
    compares: false,
  },
  { name: 'explain', line: 'explain configmap.data', compares: false },
  { name: 'api-resources', line: 'api-resources --api-group=apps -o name' },
  { name: 'api-versions', line: 'api-versions', compares: false },
  { name: 'cluster-info', line: 'cluster-info', compares: false },
  { name: 'version', line: 'version', compares: false },
  { name: 'delete pod', line: `delete pod ${pod} --now` },
  { name: 'delete by label', line: 'delete configmap,secret -l app=tale' },
  { name: 'delete a missing one', line: 'delete configmap nothing', code: 1 },
  { name: 'delete in the foreground', line: 'delete deployment tale --cascade=foreground --timeout=60s' },
  { name: 'nothing is left of it', line: 'get replicasets,pods -l app=tale' },
  { name: 'delete namespace', line: 'delete namespace tale --timeout=90s' },
  { name: 'the namespace is gone', line: 'get namespace tale', code: 1 },
]
