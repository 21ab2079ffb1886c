#!/usr/bin/env bash
# tests/same_bits.sh FOLDER: builds tests/mini_training.cpp with g++ and clang++ at -O0, -O2 and -O3 in FOLDER. All six
# programs must print the hash of weights that mini_training.expected records (docs/determinism.md). A compiler that is
# not there is named and left out.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/.."

case $(uname -m) in
  x86_64) flush=chainrule/kernels/flush_x86.cpp ;;
  aarch64) flush=chainrule/kernels/flush_arm.cpp ;;
  *) flush=chainrule/kernels/flush_none.cpp ;;
esac
# The sources that the program needs: X.cpp and X_more.cpp for each header X.h that is reached by #include lines.
sources() {
  local seen=" " queue=(tests/mini_training.cpp) file header found
  while [ ${#queue[@]} -gt 0 ]; do
    file=${queue[0]} queue=("${queue[@]:1}")
    [[ $seen == *" $file "* ]] && continue
    seen+="$file "
    while read -r header; do
      case $header in
        chainrule/kernels/*) found=(chainrule/kernels/[!f]*.cpp "$flush") ;;
        *) found=("${header%.h}.cpp" "${header%.h}"_*.cpp) ;;
      esac
      for file in "$header" "${found[@]}"; do
        if [ -f "$file" ]; then queue+=("$file"); fi
      done
    done < <(sed -n 's/^#include "\(chainrule\/.*\)"/\1/p' "$file")
  done
  tr ' ' '\n' <<<"$seen" | grep '\.cpp$'
}
mapfile -t sources < <(sources)

variants=()
for compiler in g++ clang++; do
  if command -v "$compiler" >/dev/null; then
    variants+=("$compiler -O0" "$compiler -O2" "$compiler -O3")
  else
    echo "left out: $compiler is not there"
  fi
done
[ ${#variants[@]} -gt 0 ] || { echo "skipped: no compiler"; exit 0; }

launcher=$(command -v ccache || true)
export launcher
for variant in "${variants[@]}"; do
  for source in "${sources[@]}"; do
    echo "$variant $source $folder/${variant// /}_${source//\//_}.o"
  done
done | xargs -P "$(nproc)" -L 1 bash -c '$launcher "$1" -std=c++20 "$2" -DNDEBUG -ffp-contract=off -fno-trapping-math -fno-math-errno -I. -c "$3" -o "$4"' -

# Every vector unit with fused multiply-add: the best one here, and those below it.
targets='best'
if grep -qw avx512f /proc/cpuinfo && grep -qw avx2 /proc/cpuinfo; then targets+=' avx2'; fi
expected=$(cat tests/mini_training.expected)
wrong=0
for variant in "${variants[@]}"; do
  program=$folder/${variant// /}
  ${variant% *} "$program"_*.o -o "$program" -lfmt -lcrypto -lhwy -pthread
  for target in $targets; do
    found=$(CHAINRULE_TARGET=${target#best} "$program")
    echo "$variant, $target: $found"
    [ "$found" = "$expected" ] || wrong=$((wrong + 1))
  done
done
if [ "$wrong" -gt 0 ]; then
  echo "$wrong results differ from tests/mini_training.expected: $expected"
  exit 1
fi
