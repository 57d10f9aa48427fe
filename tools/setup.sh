#!/bin/bash
# Installs the Debian packages that a list names and that are missing:
#     tools/setup.sh LIST...        where LIST is the name of a file in tools/packages, such as build
# Does not touch the network when all are there. Exits with 2 if the system does not allow it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/packages"

fail() {
  echo "verify: $*" >&2
  exit 2
}

packages_of() {
  grep -v '^#' "$1.txt"
}

# Prints those of its arguments that dpkg does not know as installed.
missing_of() {
  local installed
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  local package
  for package in "$@"; do
    grep --quiet --line-regexp --fixed-strings "installed $package" <<<"$installed" || echo "$package"
  done
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  fail "this is not a Debian-like system (no apt-get, no dpkg). Install what tools/packages/*.txt name" \
    "by hand; then bazel test //... and bazel run //model/command:check work without this script."
fi

all_missing=()
for list in "$@"; do
  [[ -f $list.txt ]] || fail "no such list of packages: tools/packages/$list.txt"
  mapfile -t wanted < <(packages_of "$list")
  mapfile -t missing < <(missing_of "${wanted[@]}")
  if [[ ${#missing[@]} -gt 0 ]]; then
    echo "verify: installing what \"$list\" needs with apt-get: ${missing[*]}"
    all_missing+=("${missing[@]}")
  fi
done
[[ ${#all_missing[@]} -gt 0 ]] || exit 0

if [[ $(id -u) -ne 0 ]] && ! command -v sudo >/dev/null; then
  fail "not root, and sudo is missing: install the packages above, then call again."
fi
as_root apt-get update --quiet=2 || fail "apt-get update failed."
as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install --quiet=2 --yes --no-install-recommends "${all_missing[@]}" >/dev/null ||
  fail "apt-get could not install: ${all_missing[*]} (Debian 12 or later has them all)."
