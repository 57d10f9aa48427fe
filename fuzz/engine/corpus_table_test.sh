#!/bin/bash
# corpus_table_test.sh TABLE TARGET REPLAY INPUT...: the rows of TARGET in the committed table are
# what its inputs reach now.
set -euo pipefail

table=$1 target=$2 replay=$3
shift 3
committed=$(awk -v heading="## $target" '
  $0 == heading { wanted = 1; next }
  /^## / { wanted = 0 }
  wanted && /^\| `/ { print }' "$table")
now=$("$replay" --table "$@")
if [[ -z $committed || $committed != "$now" ]]; then
  diff <(echo "$committed") <(echo "$now") || true
  echo "fuzz/targets/corpus/README.md is out of date for $target; ./verify fuzz merge $target renews it" >&2
  exit 1
fi
