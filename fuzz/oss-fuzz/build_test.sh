#!/bin/bash
# Runs build.sh as OSS-Fuzz does, with its environment variables set by hand, and each fuzzer that comes out of it for
# a moment, on its corpus.
#
#     build_test.sh [ROOT]
#
# ROOT is the root of the tree, by default that of this script.
set -euo pipefail

root=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd)
scratch=$(mktemp --directory)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/src"
ln --symbolic "$root" "$scratch/src/slabproof"

# build_and_run SANITIZER TARGET...: with a sanitizer of clang's, or with none.
build_and_run() {
  local sanitizer=$1 directory=$scratch/$1 target count
  local sanitizer_flags=(-fsanitize=fuzzer-no-link)
  [[ $1 == none ]] || sanitizer_flags+=("-fsanitize=$1")
  shift
  mkdir --parents "$directory"/{out,work}
  SANITIZER=$sanitizer CXX=clang++-19 CXXFLAGS="-O1 -g1 ${sanitizer_flags[*]}" LIB_FUZZING_ENGINE=-fsanitize=fuzzer \
    SRC=$scratch/src OUT=$directory/out WORK=$directory/work "$root/fuzz/oss-fuzz/build.sh"
  for target in "$@"; do
    mkdir "$directory/$target"
    (cd "$directory/$target" && unzip -q "$directory/out/${target}_seed_corpus.zip")
    count=$(find "$directory/$target" -type f | wc -l)
    [[ $count -gt 0 ]] || { echo "build_test: $target has an empty corpus" >&2; exit 1; }
    local dictionary=()
    [[ ! -f $directory/out/$target.dict ]] || dictionary=("-dict=out/$target.dict")
    (cd "$directory" && "out/$target" "${dictionary[@]}" -runs=500 "$target" 2> "$target.log") || {
      cat "$directory/$target.log" >&2
      echo "build_test: $target failed" >&2
      exit 1
    }
    echo "build_test: $target ran on $count inputs and, with what it made of them, 500 times ($sanitizer)"
  done
}

sequential=(alloc_free_fuzzer corruption_fuzzer layout_fuzzer parser_fuzzer)
build_and_run address "${sequential[@]}"
build_and_run none "${sequential[@]}" schedule_fuzzer
