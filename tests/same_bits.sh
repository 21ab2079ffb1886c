#!/usr/bin/env bash
# tests/same_bits.sh FOLDER [LEVEL...]: builds tests/mini_training.cpp with g++ and clang++ at these levels, or at -O0
# and -O2, in FOLDER. All programs must print the hash of weights that mini_training.expected records
# (docs/determinism.md), as the test mini_training does at -O3. A missing compiler is reported and left out.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
levels=("${@:--O0}")
[ $# -gt 0 ] || levels+=(-O2)
cd "$(dirname "$0")/.."
. tests/programs.sh

case $(uname -m) in
  x86_64) flush=chainrule/engine/kernels/flush_x86.cpp ;;
  aarch64) flush=chainrule/engine/kernels/flush_arm.cpp ;;
  *) flush=chainrule/engine/kernels/flush_none.cpp ;;
esac
rm -f "$folder"/*.cpp "$folder"/*.o
mapfile -t files < <(sources_of "$flush" tests/mini_training.cpp)
mapfile -t sources < <(united "$folder" "${files[@]}")

variants=()
for compiler in g++ clang++; do
  if command -v "$compiler" >/dev/null; then
    for level in "${levels[@]}"; do variants+=("$compiler $level"); done
  else
    echo "left out: $compiler is missing"
  fi
done
[ ${#variants[@]} -gt 0 ] || { echo "skipped: no compiler"; exit 0; }

for variant in "${variants[@]}"; do
  for source in "${sources[@]}"; do
    echo "$variant $source $folder/${variant// /}_$(basename "$source").o"
  done
done | compile

# Every vector unit with fused multiply-add: the best one of this machine, and those below it.
targets='best'
if grep -qw avx512f /proc/cpuinfo && grep -qw avx2 /proc/cpuinfo; then targets+=' avx2'; fi
expected=$(cat tests/mini_training.expected)
wrong=0
for variant in "${variants[@]}"; do
  program=$folder/${variant// /}
  ${variant% *} "$program"_*.o -o "$program" -lfmt -lnettle -lhwy -pthread
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
