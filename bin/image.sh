#!/usr/bin/env bash
# Puts into the folder DEST what the image holds: the package's files, its packages for running, and Node as /DEST/node.
# Dockerfile runs it, and a test, which then runs the programs from that folder: bash bin/image.sh DEST
set -euo pipefail
dest=${1:?name a folder}
cd "$(dirname "$0")/.."
[[ -f ui/dist/index.html ]] || { echo "ui/dist is missing: npm run ui:build" >&2; exit 2; }
draft=$(mktemp -d)
trap 'rm -rf "$draft"' EXIT
npm pack --silent --ignore-scripts --pack-destination "$draft" >/dev/null
mkdir -p "$dest"
tar xzf "$draft"/*.tgz -C "$dest" --strip-components 1
cp package-lock.json .npmrc "$dest"
(cd "$dest" && npm ci --omit=dev --prefer-offline --no-fund --no-audit >/dev/null)
# The Node of the lock file, once.
mv "$dest"/node_modules/node-linux-*/bin/node "$dest/node"
rm -rf "$dest"/node_modules/node-linux-* "$dest/.npmrc"
# What Node makes of a tap's sources: in a container it cannot be kept, and made anew it takes 25 MB and most of a second.
"$dest/node" "$dest/bin/nta.cjs" tap --print -r "$dest/examples/shop.pcap" >/dev/null 2>&1
