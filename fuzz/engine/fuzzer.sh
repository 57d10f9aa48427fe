#!/bin/bash
# `./verify fuzz`: builds a fuzzer and runs it, shows its inputs, shrinks them, renews its corpus, or measures it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Another Bazel on the PATH may be too new for this workspace.
bazel=${BAZEL:-/usr/bin/bazel}

targets=(alloc_free_fuzzer corruption_fuzzer layout_fuzzer parser_fuzzer schedule_fuzzer)
# The longest inputs worth their time, in bytes.
declare -A max_length=(
  [alloc_free_fuzzer]=512 [corruption_fuzzer]=512 [layout_fuzzer]=64 [parser_fuzzer]=512
  [schedule_fuzzer]=192
)

# usage [COMMAND]
usage() {
  case ${1:-} in
    run)
      cat <<HELP
usage: ./verify fuzz run [--slab LABEL] [--seed N] [--fresh] TARGET [SECONDS]
       ./verify fuzz run [--slab LABEL] [--seed N] [--fresh] --all [SECONDS]

Builds TARGET for libFuzzer and fuzzes for SECONDS (60), from the corpus in fuzz/targets/corpus/TARGET and
from what earlier runs found. --all runs one target after another.

  --slab LABEL  fuzz another slab than the shipped one, such as one with a mutant; starts from
                the committed corpus alone, and keeps no new inputs
  --seed N      libFuzzer's seed
  --fresh       start from the committed corpus alone, and keep no new inputs

New inputs go to out/fuzz/TARGET/corpus, and an input that fails to out/fuzz/TARGET/findings
(with --slab, out/fuzz/TARGET-planted/findings): \`show\` prints it as a program, and \`minimize\`
shrinks it.

Exit code: 0 nothing found, 1 a finding, 2 usage or a failed build.
HELP
      ;;
    show)
      cat <<HELP
usage: ./verify fuzz show [--slab LABEL] TARGET FILE...

Prints what inputs mean, without running them: the slab and the program, which
\`./verify check --program\` accepts as long as it is within its limits. For schedule_fuzzer, the last
line is a recorded execution, which \`./verify check --replay\` accepts as a file.
HELP
      ;;
    minimize)
      cat <<HELP
usage: ./verify fuzz minimize [--slab LABEL] TARGET FILE [OUTPUT]

Leaves out operations and lowers numbers as long as the input fails the same way, writes the result
to OUTPUT (FILE.minimized) and prints it as \`show\` does.
HELP
      ;;
    merge)
      cat <<HELP
usage: ./verify fuzz merge TARGET

Renews fuzz/targets/corpus/TARGET from itself and from what \`run\` found: libFuzzer's set cover of the edges,
and of that at most 40 inputs that reach every landmark (see fuzz/engine/select_inputs.py). Then
renews fuzz/targets/corpus/README.md, the table of what each input reaches.
HELP
      ;;
    *)
      cat <<HELP
usage: ./verify fuzz COMMAND ARGS

  run TARGET [SECONDS]       build and fuzz
  run --all [SECONDS]        one target after another
  show TARGET FILE...        print inputs as programs, without running them
  minimize TARGET FILE       the simplest input that fails the same way
  merge TARGET               renew the committed corpus and its table
  measure [SECONDS]          the speed of each target, and whether its memory stays flat

\`./verify fuzz COMMAND --help\` describes each.
HELP
      ;;
  esac
  echo
  echo "TARGET is one of: ${targets[*]}"
}

# usage_error MESSAGE...
usage_error() {
  echo "verify fuzz${command:+ $command}: $*; see --help" >&2
  exit 2
}

# require_target NAME
require_target() {
  local target
  for target in "${targets[@]}"; do
    [[ $target != "$1" ]] || return 0
  done
  usage_error "unknown target '$1'; expected one of: ${targets[*]}"
}

# build_program TARGET SUFFIX: builds TARGET or, with the suffix _replay, its replay driver, as for
# libFuzzer, and prints where it is.
build_program() {
  local label=//fuzz/targets:$1$2 flags directory
  flags=(--config=fuzz)
  # Its replay driver needs no coverage, and may have no sanitizer.
  [[ $1$2 != schedule_fuzzer ]] || flags=(--config=schedule_fuzz)
  [[ $1$2 != schedule_fuzzer_replay ]] || flags=()
  flags+=("${slab_flags[@]}")
  local quiet=(--ui_event_filters=-info --noshow_progress --show_result=0 --symlink_prefix=/)
  "$root/tools/setup.sh" build clang fuzz >&2 || return
  (cd "$root" && "$bazel" build "${quiet[@]}" "${flags[@]}" "$label") >&2 || return
  directory=$(cd "$root" && "$bazel" info "${flags[@]}" bazel-bin 2>/dev/null) || return
  echo "$directory/fuzz/targets/$1$2"
}

# fuzz TARGET SECONDS: 0, or 1 for a finding.
fuzz() {
  local target=$1 seconds=$2 program out corpus
  program=$(build_program "$target" "") || exit 2
  out=$root/out/fuzz/$target
  corpus=$out/corpus
  # A mutant must neither profit from, nor spoil, what the shipped slab led to.
  [[ ${#slab_flags[@]} -eq 0 ]] || out=$out-planted fresh=1
  if [[ -n $fresh ]]; then
    corpus=$(mktemp --directory)
    temporary+=("$corpus")
  fi
  mkdir --parents "$corpus" "$out/findings"
  # Names of functions that are new cost a symbolizer, and say less than the landmarks.
  local options=("-max_len=${max_length[$target]}" "-max_total_time=$seconds" -print_final_stats=1
    -print_funcs=0 "-artifact_prefix=$out/findings/" "${seed_flags[@]}")
  [[ ! -f $root/fuzz/targets/dictionaries/$target.dict ]] ||
    options+=("-dict=$root/fuzz/targets/dictionaries/$target.dict")
  echo "verify fuzz run: $target for $seconds s; findings go to ${out#"$root"/}/findings"
  "$program" "${options[@]}" "$corpus" "$root/fuzz/targets/corpus/$target" && return 0
  echo "verify fuzz run: $target found something; \`show\` prints it, \`minimize\` shrinks it" >&2
  return 1
}

run() {
  local chosen=() seconds code=0 target
  if [[ ${1:-} == --all ]]; then
    chosen=("${targets[@]}")
  else
    [[ $# -ge 1 ]] || usage_error "TARGET is missing"
    require_target "$1"
    chosen=("$1")
  fi
  shift
  [[ $# -le 1 ]] || usage_error "unexpected argument: $2"
  seconds=${1:-60}
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || usage_error "not a valid number of seconds: $seconds"
  for target in "${chosen[@]}"; do
    fuzz "$target" "$seconds" || code=1
  done
  exit "$code"
}

show() {
  [[ $# -ge 2 ]] || usage_error "expected TARGET and FILE"
  require_target "$1"
  local target=$1 file program
  shift
  for file in "$@"; do
    [[ -f $file ]] || usage_error "no such file: $file"
  done
  program=$(build_program "$target" _replay) || exit 2
  exec "$program" --show "$@"
}

minimize() {
  [[ $# -ge 2 && $# -le 3 ]] || usage_error "expected TARGET, FILE and at most one OUTPUT"
  require_target "$1"
  [[ -f $2 ]] || usage_error "no such file: $2"
  local program
  program=$(build_program "$1" _replay) || exit 2
  exec "$program" --minimize "${3:-$2.minimized}" "$2"
}

# print_table: fuzz/targets/corpus/README.md. Expects the replay drivers to be built by print_table's caller.
print_table() {
  local target program
  echo "# The committed inputs, and what each reaches"
  echo
  echo "Generated by \`./verify fuzz merge\`; a test compares it with what the inputs reach now. Sizes in bytes."
  for target in "${targets[@]}"; do
    program=$(build_program "$target" _replay) || exit 2
    printf '\n## %s\n\n| input | size | reaches |\n|---|---|---|\n' "$target"
    "$program" --table "$root/fuzz/targets/corpus/$target" || exit 2
  done
}

merge() {
  [[ $# -eq 1 ]] || usage_error "expected one TARGET"
  require_target "$1"
  local corpus=$root/fuzz/targets/corpus/$1 found=$root/out/fuzz/$1/corpus program replay cover chosen name
  program=$(build_program "$1" "") || exit 2
  replay=$(build_program "$1" _replay) || exit 2
  cover=$(mktemp --directory)
  temporary+=("$cover")
  mkdir --parents "$found" "$corpus"
  "$program" -set_cover_merge=1 -use_counters=0 "-max_len=${max_length[$1]}" \
    "$cover" "$corpus" "$found" >&2 || exit 2
  # All is chosen before anything goes, so that a failure leaves the corpus as it was.
  chosen=$("$replay" --table "$cover" | "$root/fuzz/engine/select_inputs.py") || exit 2
  [[ -n $chosen ]] || { echo "verify fuzz merge: nothing is left of the corpus of $1" >&2; exit 2; }
  rm -f "$corpus"/*
  while read -r name; do
    cp "$cover/$name" "$corpus/${name:0:12}"
  done <<< "$chosen"
  print_table > "$root/fuzz/targets/corpus/README.md.new"
  mv "$root/fuzz/targets/corpus/README.md.new" "$root/fuzz/targets/corpus/README.md"
}

command=
case ${1:-} in
  run | show | minimize | merge)
    command=$1
    shift
    ;;
  measure)
    [[ -x /usr/bin/python3 ]] || "$root/tools/setup.sh" build clang fuzz >&2 || exit
    exec /usr/bin/python3 "$root/fuzz/engine/measure.py" "${@:2}"
    ;;
  --help | -h)
    usage
    exit 0
    ;;
  "") usage_error "COMMAND is missing" ;;
  *) usage_error "unknown command '$1'; expected run, show, minimize, merge or measure" ;;
esac
slab_flags=()
seed_flags=()
fresh=
temporary=()
trap '[[ ${#temporary[@]} -eq 0 ]] || rm -rf "${temporary[@]}"' EXIT
while [[ ${1:-} == -* && $1 != --all ]]; do
  case $1 in
    --help | -h)
      usage "$command"
      exit 0
      ;;
    --slab)
      [[ $command != merge ]] || usage_error "unknown option: $1"
      [[ $# -ge 2 ]] || usage_error "--slab needs a label"
      slab_flags=("--//fuzz/slab=$2")
      shift 2
      ;;
    --seed)
      [[ $command == run ]] || usage_error "unknown option: $1"
      [[ ${2:-} =~ ^[0-9]+$ ]] || usage_error "--seed needs a number"
      seed_flags=("-seed=$2")
      shift 2
      ;;
    --fresh)
      [[ $command == run ]] || usage_error "unknown option: $1"
      fresh=1
      shift
      ;;
    *) usage_error "unknown option: $1" ;;
  esac
done
"$command" "$@"
