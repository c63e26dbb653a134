{{- define "nta.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "nta.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "nta.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "nta.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that selectors use: they never change. Call with (list $ "tap"). */}}
{{- define "nta.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "nta.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "nta.labels" -}}
{{- $root := index . 0 -}}
{{ include "nta.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: nta
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "nta.image" -}}
{{- $image := .Values.image -}}
{{- $registry := .Values.global.imageRegistry | default $image.registry -}}
{{- if $registry }}{{ $registry }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest -}}@{{ $image.digest }}{{- else -}}:{{ $image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- define "nta.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Name of the service account of (list $ "tap" .Values.tap). */}}
{{- define "nta.serviceAccount" -}}
{{- $root := index . 0 -}}
{{- $account := (index . 2).serviceAccount -}}
{{- if $account.create -}}
{{- $account.name | default (printf "%s-%s" (include "nta.fullname" $root) (index . 1)) -}}
{{- else -}}
{{- $account.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Settings by variable. Numbers come from YAML as floating point and would be printed as 1e+06. */}}
{{- define "nta.settings" -}}
{{- range $variable, $value := . }}
- name: {{ $variable }}
{{- if and (kindIs "float64" $value) (eq $value (floor $value)) }}
  value: {{ $value | int64 | quote }}
{{- else }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Environment of every program. Call with (list $ "tap" .Values.tap). */}}
{{- define "nta.commonEnvironment" -}}
{{- $values := index . 2 -}}
- name: NODE_OPTIONS
  value: --max-old-space-size={{ $values.heapMb | int }}
{{- if (index . 0).Values.trust.existingSecret }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/nta/trust/ca.crt
{{- end }}
- name: NTA_KUBERNETES
  value: "on"
{{- with (index . 0).Values.clusterName }}
- name: NTA_CLUSTER
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Of programs that send to the server. */}}
{{- define "nta.sensorEnvironment" -}}
{{- $root := index . 0 -}}
- name: NTA_SERVER
  value: {{ $root.Values.nats.url | default (include "nta.serverUrl" $root) | quote }}
{{- with $root.Values.nats.existingSecret }}
- name: NTA_NATS_CREDENTIALS
  value: /etc/nta/nats/credentials
{{- end }}
- name: NTA_TOKEN_FILE
  value: /etc/nta/ingest/token
- name: NTA_STATE
  value: /var/lib/nta
- name: NTA_NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
- name: NTA_SENSOR_NAME
  valueFrom: {fieldRef: {fieldPath: {{ index . 1 | eq "tap" | ternary "spec.nodeName" "metadata.name" }}}}
{{- with $root.Values.namespaces.include }}
- name: NTA_NAMESPACES_INCLUDE
  value: {{ join "," . | quote }}
{{- end }}
- name: NTA_NAMESPACES_EXCLUDE
  value: {{ append $root.Values.namespaces.exclude $root.Release.Namespace | uniq | join "," | quote }}
{{- end -}}

{{- define "nta.serverUrl" -}}
{{- if .Values.server.url -}}
{{- .Values.server.url -}}
{{- else if .Values.server.enabled -}}
{{- printf "http://%s-server.%s.svc:%d" (include "nta.fullname" .) .Release.Namespace (.Values.server.service.port | int) -}}
{{- else -}}
{{- fail "server.enabled is false: server.url must say where the server is" -}}
{{- end -}}
{{- end -}}

{{- define "nta.ingestSecret" -}}
{{- .Values.ingest.existingSecret | default (printf "%s-ingest" (include "nta.fullname" .)) -}}
{{- end -}}

{{- define "nta.adminSecret" -}}
{{- .Values.server.auth.existingSecret | default (printf "%s-admin" (include "nta.fullname" .)) -}}
{{- end -}}

{{/* Where the database's URL stands: CloudNativePG makes a Secret for the owner of each database. */}}
{{- define "nta.postgresSecret" -}}
{{- with .Values.server.store.postgres -}}
{{- if .existingSecret -}}
{name: {{ .existingSecret }}, key: {{ .urlKey }}}
{{- else -}}
{name: {{ include "nta.fullname" $ }}-database-app, key: uri}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Secrets that not every release has. */}}
{{- define "nta.otherMounts" -}}
{{- if .Values.trust.existingSecret }}
- {name: trust, mountPath: /etc/nta/trust, readOnly: true}
{{- end }}
{{- with .Values.nats.existingSecret }}
- {name: nats, mountPath: /etc/nta/nats, readOnly: true}
{{- end }}
{{- end -}}

{{- define "nta.otherVolumes" -}}
{{- with .Values.trust }}
{{- if .existingSecret }}
- name: trust
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 288 # 0440
    items:
      - {key: {{ .key }}, path: ca.crt}
{{- end }}
{{- end }}
{{- with .Values.nats.existingSecret }}
- name: nats
  secret:
    secretName: {{ . }}
    defaultMode: 288 # 0440
    items:
      - {key: {{ $.Values.nats.credentialsKey }}, path: credentials}
{{- end }}
{{- end -}}

{{- define "nta.ingestVolume" -}}
- name: ingest
  secret:
    secretName: {{ include "nta.ingestSecret" . }}
    defaultMode: 288 # 0440
    items:
      - {key: {{ .Values.ingest.existingSecret | empty | ternary "token" .Values.ingest.tokenKey }}, path: token}
{{- end -}}

{{/* Changes with what the pods read when they start, so that they are replaced. */}}
{{- define "nta.checksums" -}}
checksum/config: {{ list .Values.ingest .Values.server.auth .Values.server.store .Values.namespaces | toJson | sha256sum }}
{{- end -}}

{{/* Security of a process that needs no privilege: Pod Security Standard "restricted". */}}
{{- define "nta.restrictedPod" -}}
runAsNonRoot: true
{{- with omit . "runAsNonRoot" "seccompProfile" }}
{{- range $name, $value := . }}
{{- if not (kindIs "invalid" $value) }}
{{ $name }}: {{ kindIs "float64" $value | ternary ($value | int64) $value | toJson }}
{{- end }}
{{- end }}
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "nta.restrictedContainer" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- with .appArmorProfile }}
appArmorProfile: {{ toJson . }}
{{- end }}
{{- with .seLinuxOptions }}
seLinuxOptions: {{ toJson . }}
{{- end }}
{{- end -}}

{{/* Where the pods of (list $ "server" .Values.server) go. */}}
{{- define "nta.placement" -}}
{{- $root := index . 0 -}}
{{- $values := index . 2 -}}
{{- with $values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with $values.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- if ne (index . 1) "tap" }}
topologySpreadConstraints:
{{- with $values.topologySpreadConstraints }}
{{ toYaml . | indent 2 }}
{{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "nta.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Whether the cluster has the API of (list $ "group/version/Kind"), or the values say that it does. */}}
{{- define "nta.hasMonitoring" -}}
{{- if or .Values.monitoring.serviceMonitor.force (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") -}}true{{- end -}}
{{- end -}}
