#!/bin/bash
# The layout of all C++ sources, clang-tidy on each header of impl/ by itself, and the shell scripts.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
failed=0

mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.h' '*.cc')
if [[ ${#sources[@]} -gt 0 ]]; then
  clang-format-19 --dry-run --Werror "${sources[@]}" || failed=1
fi

for header in impl/slabproof/*.h; do
  # Its count of warnings in system headers is noise; what it finds in ours goes to stdout.
  clang-tidy-19 --quiet "$header" -- -x c++ -std=c++23 -Iimpl 2>/dev/null || failed=1
done

mapfile -t scripts < <(git grep --files-with-matches --untracked -E '^#!/bin/(ba)?sh' -- ':!*.md')
shellcheck "${scripts[@]}" || failed=1

if [[ $failed -ne 0 ]]; then
  echo "lint: failed"
  exit 1
fi
echo "lint: ${#sources[@]} sources, $(find impl/slabproof -name '*.h' | wc -l) headers, ${#scripts[@]} scripts: clean"
