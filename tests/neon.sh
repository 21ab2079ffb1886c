#!/usr/bin/env bash
# tests/neon.sh FOLDER: builds two programs for 64-bit ARM at -O2 and -O3 in FOLDER and runs them in an emulator:
# tests/engine/kernels_test.cpp, and tests/mini_training.cpp, whose weights must have the hash that mini_training.expected
# records for all processors with fused multiply-add (docs/determinism.md).
#
# No library of the other architecture is needed, so nothing is downloaded: headers are the same for all processors and
# come after the cross compiler's own (-idirafter), fmt is header-only, GoogleTest is built from its sources, and
# neon_stand_ins.cpp replaces the two remaining functions. Programs are static, so that the emulator needs no loader.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/.."
. tests/programs.sh

if [ "$(uname -m)" = aarch64 ]; then
  echo "skipped: on this processor every test runs these kernels"
  exit 0
fi
compiler=aarch64-linux-gnu-g++ emulator=qemu-aarch64 googletest=/usr/src/googletest/googletest
for program in "$compiler" "$emulator" sha256sum; do
  command -v "$program" >/dev/null || { echo "skipped: $program is missing"; exit 0; }
done
[ -f $googletest/src/gtest-all.cc ] || { echo "skipped: the sources of GoogleTest are not in $googletest"; exit 0; }

mapfile -t library < <(sources_of chainrule/engine/kernels/flush_arm.cpp tests/mini_training.cpp tests/engine/kernels_test.cpp |
  grep -v '^tests/\|/sha256\.cpp$')
library+=(tests/neon_stand_ins.cpp)
googletest_sources=("$googletest/src/gtest-all.cc" "$googletest/src/gtest_main.cc")

# objects LEVEL SOURCE...: their names.
objects() {
  local source
  for source in "${@:2}"; do echo "$folder/$1_${source//\//_}.o"; done
}
# link PROGRAM OBJECT...; hides the warning that a static GoogleTest cannot look up hosts.
link() { "$compiler" -static -Wl,--no-warnings "${@:2}" -o "$folder/$1"; }

for level in -O2 -O3; do
  for source in "${library[@]}" tests/mini_training.cpp tests/engine/kernels_test.cpp "${googletest_sources[@]}"; do
    echo "$compiler $level $source $(objects $level "$source")"
  done
done | compile -DFMT_HEADER_ONLY -I$googletest -I$googletest/include -idirafter /usr/include

export CHAINRULE_TARGET=neon # a program without NEON kernels refuses this
expected=$(cat tests/mini_training.expected)
wrong=0
for level in -O2 -O3; do
  mapfile -t parts < <(objects $level tests/mini_training.cpp "${library[@]}")
  link mini_training$level "${parts[@]}"
  found=$("$emulator" "$folder/mini_training$level" | head -c -1 | sha256sum) # without the newline
  found=${found%% *}
  echo "mini_training $level: $found"
  [ "$found" = "$expected" ] || wrong=$((wrong + 1))

  mapfile -t parts < <(objects $level tests/engine/kernels_test.cpp "${googletest_sources[@]}" "${library[@]}")
  link kernels_test$level "${parts[@]}"
  echo "kernels_test $level:"
  "$emulator" "$folder/kernels_test$level" --gtest_brief=1 || wrong=$((wrong + 1))
done
if [ "$wrong" -gt 0 ]; then
  echo "$wrong programs gave wrong results; tests/mini_training.expected: $expected"
  exit 1
fi
