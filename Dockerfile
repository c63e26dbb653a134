# One image with all programs: docker buildx build --platform linux/amd64,linux/arm64 -t registry.example/nta:0.1.0 .
# Pin both images by digest for builds that are to be repeated.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit
COPY . .
RUN npm run ui:build && bash bin/image.sh /nta

# No shell, no package manager: glibc, and the C++ library that Node needs. Without libpcap there is no --filter.
FROM ${BASE_IMAGE}
COPY --from=build /nta /nta
# The tap alone needs root, with NET_RAW and nothing else; the chart says so for it.
USER 10001:10001
ENV NODE_ENV=production
EXPOSE 8090 8091 9000
ENTRYPOINT ["/nta/node", "/nta/bin/nta.cjs"]
CMD ["--help"]
