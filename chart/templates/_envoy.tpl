{{/*
The sink as a cluster of Envoy, and the filter that copies exchanges to it. Envoy must never wait for it, and no request
may fail with it: observability mode and failure_mode_allow; circuit breakers bound what is copied at a time. A cluster
of our own is seen whatever a Sidecar object lets the workload see. Call with (list $ "context of filter" "context of cluster").
*/}}
{{- define "nta.envoyPatches" -}}
{{- $root := index . 0 -}}
{{- $name := printf "%s-collector" (include "nta.fullname" $root) -}}
- applyTo: CLUSTER
  match:
    context: {{ index . 2 }}
    {{- if eq (index . 2) "WAYPOINT" }}
    # Istio takes this context with this match alone.
    waypoint: {}
    {{- end }}
  patch:
    operation: ADD
    value:
      name: {{ $name }}
      type: STRICT_DNS
      connect_timeout: 0.5s
      lb_policy: ROUND_ROBIN
      # A collector that hangs would hold back what Envoy sends it, and with it bodies of users that are larger than Envoy's
      # buffer. So it is asked for its health, and without an answer nothing is sent to it any more.
      health_checks:
        - {timeout: 1s, interval: {{ $root.Values.envoy.healthInterval }}, no_traffic_interval: {{ $root.Values.envoy.healthInterval }}, unhealthy_threshold: 1, healthy_threshold: 1, grpc_health_check: {}}
      close_connections_on_host_health_failure: true
      common_lb_config: {healthy_panic_threshold: {value: 0}}
      circuit_breakers:
        thresholds:
          - {priority: DEFAULT, max_connections: 8, max_pending_requests: 16, max_requests: {{ $root.Values.envoy.maxRequests | int }}, max_retries: 0}
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config:
            http2_protocol_options:
              connection_keepalive: {interval: {{ $root.Values.envoy.healthInterval }}, timeout: 1s}
      load_assignment:
        cluster_name: {{ $name }}
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address:
                    socket_address:
                      address: {{ printf "%s.%s.svc" $name $root.Release.Namespace }}
                      port_value: {{ $root.Values.collector.port | int }}
- applyTo: HTTP_FILTER
  match:
    context: {{ index . 1 }}
    proxy:
      # Observability mode came with Envoy 1.31, which is Istio 1.23; an older one would wait for answers.
      proxyVersion: '^1\.(2[3-9]|[3-9]\d).*'
    {{- if eq (index . 1) "WAYPOINT" }}
    waypoint:
      filter:
        name: envoy.filters.network.http_connection_manager
        subFilter:
          name: envoy.filters.http.router
    {{- else }}
    listener:
      filterChain:
        filter:
          name: envoy.filters.network.http_connection_manager
          subFilter:
            name: envoy.filters.http.router
    {{- end }}
  patch:
    operation: INSERT_BEFORE
    value:
      {{- if eq ($root.Values.envoy.sampleOneIn | default 1 | int) 1 }}
      {{- include "nta.envoyFilter" (list $root $name) | nindent 6 }}
      {{- else }}
      name: nta.ext_proc
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher
        extension_config:
          name: envoy.filters.http.composite
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.composite.v3.Composite
        xds_matcher:
          matcher_list:
            matchers:
              - predicate:
                  single_predicate:
                    input:
                      name: path
                      typed_config:
                        "@type": type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput
                        header_name: ":path"
                    value_match: {prefix: /}
                on_match:
                  action:
                    name: sample
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.composite.v3.ExecuteFilterAction
                      typed_config:
                        {{- include "nta.envoyFilter" (list $root $name) | nindent 24 }}
                      sample_percent:
                        default_value: {numerator: {{ div 1000000 ($root.Values.envoy.sampleOneIn | default 1 | int) }}, denominator: MILLION}
      {{- end }}
{{- end -}}

{{- define "nta.envoyFilter" -}}
{{- $root := index . 0 -}}
name: nta.ext_proc
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
  grpc_service:
    envoy_grpc: {cluster_name: {{ index . 1 }}}
    timeout: 60s
  observability_mode: true
  failure_mode_allow: true
  disable_immediate_response: true
  deferred_close_timeout: 1s
  processing_mode:
    request_header_mode: SEND
    request_body_mode: STREAMED
    request_trailer_mode: SKIP
    response_header_mode: SEND
    response_body_mode: STREAMED
    response_trailer_mode: SEND
  {{- with $root.Values.envoy.disallowedHeaders }}
  forward_rules:
    disallowed_headers:
      patterns:
        {{- range . }}
        - {exact: {{ . }}}
        {{- end }}
  {{- end }}
  # Each costs Envoy a little for every request.
  request_attributes: [source.address, destination.address]
  response_attributes: [upstream.address]
{{- end -}}
