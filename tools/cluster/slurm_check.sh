#!/bin/bash
# Runs a check on a Slurm cluster, as an array of shards, and adds what they found:
#     tools/cluster/slurm_check.sh SHARDS DIRECTORY CHECK ARGS...
# DIRECTORY, which all nodes see, gets a result and a log of each shard, and a line about what they are of. Shards that it has already are not run again, so
# the same call goes on after nodes were lost. Exit code: that of `check --merge`. SBATCH_* variables set what sbatch takes.
set -euo pipefail

if [[ $# -lt 3 || ! $1 =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: slurm_check.sh SHARDS DIRECTORY CHECK ARGS..." >&2
  exit 2
fi
shards=$1
mkdir -p "$2"
directory=$(cd "$2" && pwd)
shift 2
command -v sbatch >/dev/null || { echo "slurm_check.sh: no sbatch here: this is not a Slurm cluster" >&2; exit 2; }

# What a directory holds of another check, or of the same one of other code, is not a part of this one.
job="$shards shards of $(sha256sum <"$1" | cut -d' ' -f1) ${*:2}"
if [[ -e $directory/job && $(<"$directory/job") != "$job" ]]; then
  echo "slurm_check.sh: $directory has results of another check; name another directory" >&2
  exit 2
fi
echo "$job" >"$directory/job"

missing=()
for ((shard = 0; shard < shards; ++shard)); do
  [[ -s $directory/$shard.json ]] || missing+=("$shard")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  # How the shards end is what --merge judges.
  array=$(IFS=,; echo "${missing[*]}")
  sbatch --wait --quiet --array="$array" --output="$directory/%a.log" --export=ALL,SLABPROOF_SHARDS="$shards" \
    "$(dirname "${BASH_SOURCE[0]}")/check_shard.sbatch" "$directory" "$@" || true
fi
shopt -s nullglob
results=("$directory"/*.json)
if [[ ${#results[@]} -eq 0 ]]; then
  echo "slurm_check.sh: no shard has left a result; see $directory/*.log" >&2
  exit 3
fi
"$1" --merge "${results[@]}"
