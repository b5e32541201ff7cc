{{- define "bridge.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "bridge.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "bridge.labels" -}}
{{ include "bridge.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "bridge.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* One role: root, role, as (whose user), arguments, values, ports (name → number), probe (port's name), metrics (port), environment, grace, fixed (its number is somebody else's). */}}
{{- define "bridge.deployment" -}}
{{- $root := .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "bridge.name" $root }}-{{ .role }}
  labels: {{- include "bridge.labels" . | nindent 4 }}
spec:
  {{- if not .scaled }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector:
    matchLabels: {{- include "bridge.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "bridge.labels" . | nindent 8 }}
      annotations:
        # other settings are other pods
        checksum/settings: {{ $root.Values.settings | sha256sum }}
        {{- if $root.Values.metrics.annotations }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ .metrics | quote }}
        {{- end }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .grace }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: {type: RuntimeDefault}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "bridge.selector" . | nindent 14 }}
      containers:
        - name: {{ .role }}
          image: {{ include "bridge.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: {{- toYaml .arguments | nindent 12 }}
          env:
            - {name: BRIDGE_STORE_URL, value: "file:/etc/bridge-urls/store"}
            - {name: BRIDGE_STORE_REPLICAS, value: {{ $root.Values.store.replicas | quote }}}
            - {name: BRIDGE_BROKER_URL, value: "file:/etc/bridge-urls/broker"}
            - {name: BRIDGE_METRICS_HOST, value: "0.0.0.0"}
            {{- range $name, $value := .environment }}
            - {name: {{ $name }}, value: {{ $value | quote }}}
            {{- end }}
          ports:
            {{- range $name, $number := .ports }}
            - {name: {{ $name }}, containerPort: {{ $number }}}
            {{- end }}
          startupProbe:
            httpGet: {path: /livez, port: {{ .probe }}}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /livez, port: {{ .probe }}}
            periodSeconds: 15
            timeoutSeconds: 5
            failureThreshold: 4
          readinessProbe:
            httpGet: {path: /readyz, port: {{ .probe }}}
            periodSeconds: 5
            timeoutSeconds: 5
          {{- if .drains }}
          # a pod that ends is sent deliveries until everybody knows
          lifecycle: {preStop: {exec: {command: ["python", "-c", "import time; time.sleep(5)"]}}}
          {{- end }}
          resources: {{- toYaml .resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: settings, mountPath: /etc/bridge, readOnly: true}
            - {name: urls, mountPath: /etc/bridge-urls, readOnly: true}
            {{- range $root.Values.secrets }}
            - {name: {{ printf "secret-%s" .name }}, mountPath: {{ printf "/etc/bridge-secrets/%s" .name }}, readOnly: true}
            {{- end }}
            - {name: tmp, mountPath: /tmp}
            - {name: data, mountPath: /data}
      volumes:
        - name: settings
          configMap: {name: {{ include "bridge.name" $root }}}
        - name: urls
          projected:
            sources:
              - secret: {name: {{ $root.Values.store.secret }}, items: [{key: {{ get $root.Values.store.keys .as }}, path: store}]}
              - secret: {name: {{ $root.Values.broker.secret }}, items: [{key: {{ get $root.Values.broker.keys .as }}, path: broker}]}
        {{- range $root.Values.secrets }}
        - {name: {{ printf "secret-%s" .name }}, secret: {secretName: {{ .secret }}}}
        {{- end }}
        - {name: tmp, emptyDir: {sizeLimit: 64Mi}}
        {{- if $root.Values.blobs.existingClaim }}
        - {name: data, persistentVolumeClaim: {claimName: {{ $root.Values.blobs.existingClaim }}}}
        {{- else }}
        - {name: data, emptyDir: {sizeLimit: 64Mi}}
        {{- end }}
{{- end }}
