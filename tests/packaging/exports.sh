#!/usr/bin/env bash
# exports.sh LIBRARY: every symbol that LIBRARY exports (a static one: would export as a shared one) must be declared in a
# public header. A shared library must export only symbols of Chainrule.
set -euo pipefail
library=$1
cd "$(dirname "$0")/../.."
command -v readelf >/dev/null && command -v c++filt >/dev/null || { echo "skipped: binutils is missing"; exit 0; }
case $library in
  *.a) # copies of standard templates are not ours, and cmake/exports.map keeps them out
    symbols=$(readelf -sW "$library" | awk '$5 ~ /GLOBAL|WEAK|UNIQUE/ && $6 == "DEFAULT" && $7 != "UND" && $8 ~ /^_ZG?[A-Z]*9chainrule/ {print $8}')
    ;;
  *) symbols=$(nm -D --defined-only "$library" | awk '{print $3}') ;;
esac
mapfile -t headers < <(sed -n 's/^#include "\(chainrule\/.*\)"/\1/p' chainrule/chainrule.h)
words=$(cat "${headers[@]}" | sed 's,//.*,,' | grep -oE '[A-Za-z_][A-Za-z_0-9]*' | sort -u)

# _ZN9chainrule7formats10save_modelE..., _ZTIN9chainrule5ErrorE: save_model, Error.
wrong=$(sort -u <<<"$symbols" | awk '
  NR == FNR { known[$0] = 1; next }
  {
    name = $0
    if (!sub(/^_ZG?[A-Z]*9chainrule(7formats)?/, "", name)) { print; next }
    match(name, /^[0-9]+/)
    if (!(substr(name, RLENGTH + 1, substr(name, 1, RLENGTH)) in known)) print
  }' <(echo "$words") - | c++filt)
count=$(sort -u <<<"$symbols" | wc -l)
if [ -n "$wrong" ]; then
  echo "$wrong"
  echo "exported, but not in a public header: $(wc -l <<<"$wrong") of $count symbols of $library"
  exit 1
fi
[ "$count" -gt 100 ] || { echo "found $count symbols of $library"; exit 1; }
echo "$count symbols, all of them public"
