#!/bin/bash
# Builds the fuzzers without Bazel, as OSS-Fuzz asks for it: with CXX, CXXFLAGS and LIB_FUZZING_ENGINE, the sources in
# SRC, intermediate files in WORK, results in OUT. schedule_fuzzer is left out: it runs on fibers, which the sanitizers
# that OSS-Fuzz builds with do not understand.
set -euo pipefail

: "${CXX:?}" "${CXXFLAGS:?}" "${LIB_FUZZING_ENGINE:?}" "${SRC:?}" "${OUT:?}" "${WORK:?}"
root=$SRC/slabproof
read -r -a flags <<< "$CXXFLAGS"
read -r -a engine <<< "$LIB_FUZZING_ENGINE"

# Headers are included as slabproof/<name>.h and slabproof/model/<name>.h.
include=$WORK/include/slabproof
mkdir -p "$include"
cp "$root"/impl/*.h "$include"
mkdir -p "$include/model"
cp "$root"/model/*.h "$include/model"
# fmt as headers: the packaged library belongs to another standard library than the engine's.
flags+=(-std=c++23 -DFMT_HEADER_ONLY -I"$WORK/include" -I"$root")

# compile SOURCE: the object file, made once.
compile() {
  local object=$WORK/${1//\//_}.o
  [[ -e $object ]] || "$CXX" "${flags[@]}" -c "$root/$1" -o "$object"
  echo "$object"
}

# build TARGET SOURCE...: the fuzzer with its corpus and its dictionary.
build() {
  local target=$1 source objects=() object
  shift
  for source in "fuzz/$target.cc" fuzz/{fuzz_target,landmarks,records,libfuzzer_entry}.cc "$@"; do
    object=$(compile "$source")
    objects+=("$object")
  done
  "$CXX" "${flags[@]}" "${objects[@]}" "${engine[@]}" -o "$OUT/$target"
  cp "$root/fuzz/dictionaries/$target.dict" "$OUT"
  (cd "$root/fuzz/corpus/$target" && zip --quiet --recurse-paths "$OUT/${target}_seed_corpus.zip" .)
}

program=(model/program.cc model/program_bytes.cc model/program_json.cc)
script=(fuzz/slab_script.cc fuzz/block_pattern.cc fuzz/first_fit_model.cc "${program[@]}")

build alloc_free_fuzzer fuzz/slab_exerciser.cc "${script[@]}"
build corruption_fuzzer fuzz/corruption_exerciser.cc "${script[@]}"
build layout_fuzzer
build parser_fuzzer model/check_job.cc model/schedule.cc "${program[@]}"
