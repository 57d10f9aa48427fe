#!/bin/bash
# Builds the fuzzers without Bazel, as OSS-Fuzz asks for it: with CXX, CXXFLAGS and LIB_FUZZING_ENGINE, the sources in
# SRC, intermediate files in WORK, results in OUT. SANITIZER says which sanitizer CXXFLAGS have. schedule_fuzzer is
# built with `none` alone: sanitizers do not understand its fibers.
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
  for source in "fuzz/$target.cc" fuzz/{fuzz_target,landmarks,records,libfuzzer_entry}.cc "$@"; do
    # What is ready made is an object already.
    object=$source
    [[ $source == *.o ]] || object=$(compile "$source")
    objects+=("$object")
  done
  "$CXX" "${flags[@]}" "${objects[@]}" "${engine[@]}" -o "$OUT/$target"
  [[ ! -f $root/fuzz/targets/dictionaries/$target.dict ]] || cp "$root/fuzz/targets/dictionaries/$target.dict" "$OUT"
  (cd "$root/fuzz/targets/corpus/$target" && zip --quiet --recurse-paths "$OUT/${target}_seed_corpus.zip" .)
}

program=(model/program/program.cc model/program/program_bytes.cc model/program/program_json.cc)
script=(fuzz/slab/slab_script.cc fuzz/slab/block_pattern.cc tests/support/environment.cc "${program[@]}")

build alloc_free_fuzzer fuzz/slab/slab_exerciser.cc "${script[@]}"
build corruption_fuzzer fuzz/slab/corruption_exerciser.cc "${script[@]}"
build layout_fuzzer tests/support/environment.cc
build parser_fuzzer model/program/job.cc model/search/schedule.cc "${program[@]}"

if [[ ${SANITIZER:-} == none ]]; then
  # Of the model checker only the slab is a target of the coverage, as it is compiled into the subject; and Relacy
  # replaces operator delete without its sized forms.
  checker=(model/{check_job,choice_schedulers,checked_memory,dpor_scheduler,engine,event_trace,explore}.cc
    model/{growth_bound,model_memory,oracle,oracle_replay,program_execution,reference_slab,relacy_bridge}.cc
    model/{relacy_machine,schedule,slot_table,trace}.cc fuzz/{decision_points,neighbour_schedules,schedule_input}.cc)
  objects=()
  for source in "${checker[@]}"; do
    object=$(compile "$source" -O3 -fno-sized-deallocation \
      -fno-sanitize-coverage=inline-8bit-counters,pc-table,indirect-calls,trace-cmp,func,bb,edge)
    objects+=("$object")
  done
  build schedule_fuzzer model/slab/subject_factory.cc "${objects[@]}" "${program[@]}"
fi
