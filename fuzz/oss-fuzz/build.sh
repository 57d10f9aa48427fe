#!/bin/bash
# Builds the fuzzers without Bazel, as OSS-Fuzz asks for it: with CXX, CXXFLAGS and LIB_FUZZING_ENGINE, the sources in
# SRC, intermediate files in WORK, results in OUT. SANITIZER says which sanitizer CXXFLAGS have. schedule_fuzzer is
# built with `none` alone: sanitizers do not understand its fibers.
set -euo pipefail

: "${CXX:?}" "${CXXFLAGS:?}" "${LIB_FUZZING_ENGINE:?}" "${SRC:?}" "${OUT:?}" "${WORK:?}"
root=$SRC/slabproof
cd "$root"
read -r -a flags <<< "$CXXFLAGS"
read -r -a engine <<< "$LIB_FUZZING_ENGINE"

# fmt as headers: the packaged library belongs to another standard library than the engine's.
flags+=(-std=c++23 -DFMT_HEADER_ONLY -I"$root/impl" -I"$root")

# compile SOURCE FLAGS...: the object file, made once for each set of flags.
compile() {
  local words="$*"
  local object=$WORK/${words//[\/ ]/_}.o
  [[ -e $object ]] || "$CXX" "${flags[@]}" "${@:2}" -c "$root/$1" -o "$object"
  echo "$object"
}

# build TARGET SOURCE...: the fuzzer with its corpus and its dictionary.
build() {
  local target=$1 source objects=() object
  shift
  for source in "fuzz/targets/$target.cc" fuzz/engine/{fuzz_target,landmarks,records,libfuzzer_entry}.cc "$@"; do
    # What is ready made is an object already.
    object=$source
    [[ $source == *.o ]] || object=$(compile "$source")
    objects+=("$object")
  done
  "$CXX" "${flags[@]}" "${objects[@]}" "${engine[@]}" -o "$OUT/$target"
  [[ ! -f $root/fuzz/targets/dictionaries/$target.dict ]] || cp "$root/fuzz/targets/dictionaries/$target.dict" "$OUT"
  (cd "$root/fuzz/targets/corpus/$target" && zip --quiet --recurse-paths "$OUT/${target}_seed_corpus.zip" .)
}

# find_sources PATH...: these sources, of a room all but its tests.
find_sources() {
  find "$@" -maxdepth 1 -name '*.cc' ! -name '*_test.cc' | sort
}

mapfile -t program < <(find_sources model/program model/search/schedule.cc)
mapfile -t slab < <(find_sources fuzz/slab tests/support/environment.cc)

build alloc_free_fuzzer "${slab[@]}" "${program[@]}"
build corruption_fuzzer "${slab[@]}" "${program[@]}"
build layout_fuzzer tests/support/environment.cc
build parser_fuzzer model/campaign/recorded_execution.cc "${program[@]}"

if [[ ${SANITIZER:-} == none ]]; then
  # Of the model checker only the slab is a target of the coverage, as it is compiled into the subject; and Relacy
  # replaces operator delete without its sized forms.
  mapfile -t checker < <(find_sources model/search model/runtime model/oracle \
    model/slab/{program_*,property}.cc model/campaign/{judged_program,recorded_execution}.cc \
    fuzz/schedule | grep -v search/schedule.cc)
  objects=()
  for source in "${checker[@]}"; do
    object=$(compile "$source" -O3 -fno-sized-deallocation \
      -fno-sanitize-coverage=inline-8bit-counters,pc-table,indirect-calls,trace-cmp,func,bb,edge)
    objects+=("$object")
  done
  build schedule_fuzzer model/slab/subject_factory.cc "${objects[@]}" "${program[@]}"
fi
