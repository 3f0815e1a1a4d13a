#!/usr/bin/env bash
# Installs the Debian packages that some tests use, where this machine lets us; elsewhere the tests
# that need them skip and say so.
set -euo pipefail

# command that a test runs : package that brings it
needed=(chromium:chromium pdftotext:poppler-utils)

missing=()
for pair in "${needed[@]}"; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "· not installed, tests that need them will skip: ${missing[*]}"
  exit 0
fi
echo "· installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
  >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  exit 1
fi
