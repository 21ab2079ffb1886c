# For same_bits.sh and neon.sh: the sources that a program needs, and how to compile them.

# sources_of FLUSH SOURCE...: these and the sources that they need: X.cpp for each header X.h that #include lines reach.
# FLUSH: the one of chainrule/engine/kernels/flush_*.cpp.
sources_of() {
  local flush=$1 seen=" " queue=("${@:2}") file header found
  while [ ${#queue[@]} -gt 0 ]; do
    file=${queue[0]} queue=("${queue[@]:1}")
    [[ $seen == *" $file "* ]] && continue
    seen+="$file "
    while read -r header; do
      case $header in
        chainrule/engine/kernels/*) found=(chainrule/engine/kernels/[!f]*.cpp "$flush") ;;
        *) found=("${header%.h}.cpp") ;;
      esac
      for file in "$header" "${found[@]}"; do
        if [ -f "$file" ]; then queue+=("$file"); fi
      done
    done < <(sed -n 's/^#include "\(chainrule\/.*\)"/\1/p' "$file")
  done
  tr ' ' '\n' <<<"$seen" | grep '\.cpp$'
}

# united DIRECTORY SOURCE...: for each folder of these sources a file in DIRECTORY that includes them, since a folder
# compiles in less than half the time of its files. simd.cpp stays alone: it sets the targets of its own functions.
united() {
  local directory=$1 source folder
  shift
  for source in "$@"; do
    folder=${source%/*}
    case $source in
      */simd.cpp) echo "$source" ;;
      *) echo "#include \"$source\"" >>"$directory/${folder//\//_}.cpp" ;;
    esac
  done
  printf '%s\n' "$directory"/*.cpp
}

# compile FLAG...: reads lines `COMPILER LEVEL SOURCE OBJECT`; with the floating-point flags of CMakeLists.txt.
compile() {
  launcher=$(command -v ccache || true)
  flags="-std=c++20 -DNDEBUG -ffp-contract=off -fno-trapping-math -fno-math-errno -I. $*"
  export launcher flags
  xargs -P "$(nproc)" -L 1 bash -c '
    case $1 in
      *clang*) back="-fno-fast-math -fdenormal-fp-math=ieee" ;;
      *) back="-fno-fast-math -fno-cx-limited-range -fno-allow-store-data-races" ;;
    esac
    $launcher "$1" "$2" $back $flags -c "$3" -o "$4"' -
}
