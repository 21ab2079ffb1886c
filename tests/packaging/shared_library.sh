#!/usr/bin/env bash
# shared_library.sh FOLDER [COMPILER...]: builds library and command line with BUILD_SHARED_LIBS in FOLDER, with g++ and
# clang++ or these compilers. The library must not export internal symbols, the program must work with it, and a user's
# program must catch its exceptions.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
compilers=("${@:-g++}")
[ $# -gt 0 ] || compilers+=(clang++)
cd "$(dirname "$0")/../.."
launcher=$(command -v ccache || true)
tried=0
for compiler in "${compilers[@]}"; do
  command -v "$compiler" >/dev/null || { echo "left out: $compiler is missing"; continue; }
  tried=$((tried + 1))
  build=$folder/$compiler prefix=$folder/$compiler-prefix
  rm -rf "$prefix" "$folder/consumer"
  cmake -S . -B "$build" -G Ninja -DBUILD_SHARED_LIBS=ON -DCHAINRULE_BUILD_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" \
    -DCMAKE_CXX_FLAGS="-O0 ${CXXFLAGS:-}" -DCMAKE_CXX_FLAGS_DEBUG= -DCHAINRULE_WERROR=ON >"$folder/log" 2>&1 &&
    cmake --build "$build" >>"$folder/log" 2>&1 && cmake --install "$build" --prefix "$prefix" >>"$folder/log" 2>&1 ||
    { tail -n 30 "$folder/log"; exit 1; }
  library=$(find "$prefix" -name libchainrule.so)
  echo "$compiler: $(tests/packaging/exports.sh "$library")"
  "$prefix/bin/chainrule" --version
  "$prefix/bin/chainrule" inspect data/iris.csv >/dev/null
  refusal=0
  "$prefix/bin/chainrule" inspect no-such-file.csv 2>/dev/null || refusal=$?
  [ "$refusal" -eq 3 ] || { echo "exit status $refusal of a missing file: expected 3"; exit 1; }
  cmake -S tests/consumer -B "$folder/consumer" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$prefix" >"$folder/log" 2>&1 &&
    cmake --build "$folder/consumer" >>"$folder/log" 2>&1 || { tail -n 30 "$folder/log"; exit 1; }
  "$folder/consumer/consumer"
  if command -v pkg-config >/dev/null; then
    export PKG_CONFIG_PATH=${library%/*}/pkgconfig
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 tests/consumer/main.cpp $(pkg-config --cflags --libs chainrule) -Wl,-rpath,"${library%/*}" -o "$folder/consumer/plain"
    "$folder/consumer/plain"
  fi
done
[ "$tried" -gt 0 ] || { echo "skipped: no compiler"; exit 0; }
