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
mkdir "$scratch"/{src,out,work}
ln --symbolic "$root" "$scratch/src/slabproof"

CXX=clang++-19 CXXFLAGS="-O1 -g1 -fsanitize=address -fsanitize=fuzzer-no-link" LIB_FUZZING_ENGINE=-fsanitize=fuzzer \
  SRC=$scratch/src OUT=$scratch/out WORK=$scratch/work "$root/fuzz/oss-fuzz/build.sh"

for target in alloc_free_fuzzer corruption_fuzzer layout_fuzzer parser_fuzzer; do
  mkdir "$scratch/$target"
  (cd "$scratch/$target" && unzip -q "$scratch/out/${target}_seed_corpus.zip")
  count=$(find "$scratch/$target" -type f | wc -l)
  [[ $count -gt 0 ]] || { echo "build_test: $target has an empty corpus" >&2; exit 1; }
  (cd "$scratch" && "out/$target" "-dict=out/$target.dict" -runs=500 "$target" 2> "$target.log") || {
    cat "$scratch/$target.log" >&2
    echo "build_test: $target failed" >&2
    exit 1
  }
  echo "build_test: $target ran on $count inputs and, with what it made of them, 500 times"
done
