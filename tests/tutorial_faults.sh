#!/usr/bin/env bash
# tests/tutorial_faults.sh PROGRAM SCRATCH: plants faults in a copy of the tutorial and of the sources that it quotes: one of
# each kind in each language, which scripts/fill-tutorial --check must report; then a change of every number of more than
# one digit in prose, one at a time, which scripts/check-tutorial.awk must report.
set -euo pipefail
program=$(realpath "$1")
root=$(realpath "$(dirname "$0")/..")
rm -rf "$2"
mkdir -p "$2"
cd "$2"
cp -r "$root"/{chainrule,data,docs,examples,scripts} .
pages=docs/tutorial
missed=0

# Changes the last digit of the count-th number of a page's prose; fails if there are fewer numbers.
another_number() {
  awk -v count="$2" '
    function changed(text,  out, token) {
      while (match(text, /\]\([^)]*\)|[0-9]+(\.[0-9]+)?/)) {
        token = substr(text, RSTART, RLENGTH)
        out = out substr(text, 1, RSTART - 1)
        if (token ~ /^[0-9.][0-9.]+$/ && ++seen == count)
          token = substr(token, 1, length(token) - 1) (substr(token, length(token)) + 3) % 10
        out = out token
        text = substr(text, RSTART + RLENGTH)
      }
      return out text
    }
    /^```/ { inside = !inside }
    inside { print; next }
    { print changed($0) }
    END { exit seen < count }
  ' "$1"
}

# Writes the numbers that the checker finds in a page to numbers.LANGUAGE; fails if it finds a fault.
check() {
  local language
  language=$(basename "$(dirname "$1")")
  LC_ALL=C awk -v blocks=blocks -v numbers="numbers.$language" -f scripts/check-tutorial.awk $pages/README.md "$1" "$1" >report
}

changed=0
for page in $pages/{en,zh}/*.md; do
  check "$pages/en/$(basename "$page")"
  check "$pages/zh/$(basename "$page")"
  cp "$page" before
  count=1
  while another_number before $count >"$page"; do
    if check "$page" && cmp -s numbers.en numbers.zh; then
      diff before "$page" || true
      echo "$page: this is not detected"
      missed=1
    fi
    count=$((count + 1))
  done
  changed=$((changed + count - 1))
  cp before "$page"
done
echo "$changed numbers changed, one at a time"

# plant FILE SED-SCRIPT PATTERN: changes a file; a line of the report must match.
expected=()
plant() {
  cp "$1" before
  sed -i -E "$2" "$1"
  if cmp -s before "$1"; then
    echo "nothing to plant in $1: $2"
    missed=1
  fi
  expected+=("$3")
}
for language in en zh; do
  folder=$pages/$language
  plant $folder/02-forward.md 's/^```cpp$/```text/' "^$folder/02-forward.md:.*a block of kind .text"
  plant $folder/04-output-delta.md 's/\(13\)/(14)/' "^$folder/04-output-delta.md:.*\(14\) belongs to 05-hidden-deltas.md"
  plant $folder/07-update.md 's/\\le 0/\\le 71/' "^$folder/07-update.md:.*the number 71"
  plant $folder/08-learning-rate.md 's/9(.{0,5}\(09-momentum)/8\1/' "^$folder/08-learning-rate.md:.*chapter 8 in a link to 09-momentum.md"
  plant $folder/09-momentum.md 's/ (\$`g`)\$/ \1/' "^$folder/09-momentum.md:.*without its partner"
  plant $folder/10-cross-entropy.md 's/^z = 4  a = 0\.9820/z = 4  a = 0.9821/' "^--- $folder/10-cross-entropy.md"
  plant $folder/11-relu-and-scales.md 's/sqrt\(2 \/ inputs\)/sqrt(3 \/ inputs)/' "^$folder/11-relu-and-scales.md:.*below deviation"
  plant $folder/12-adam.md 's/08-learning-rate\.md/08-learning.md/' "^$folder/12-adam.md:.*a link to 08-learning.md"
done
plant $pages/en/12-adam.md 's/grep . dW2\.1,\.\. =/grep '"'"' dW2.1,. =/' "^$pages/en/12-adam.md:[0-9]+: this prints nothing: . grep"
plant $pages/zh/12-adam.md 's/\*。第一步时/。*第一步时/' "^$pages/zh/12-adam.md:.*emphasis that ends"
plant $pages/zh/05-hidden-deltas.md 's/\\partial Q/\\partial P/' "^--- $pages/zh/05-hidden-deltas.md"
plant $pages/zh/03-cost.md 's/^\$ awk/$ nawk/' "^--- $pages/zh/03-cost.md"
plant $pages/learning-rates.svg 's/10/11/' "$pages/learning-rates.svg .*differ"
plant chainrule/engine/formulas/optimizer_rules.h 's/s\.first\[k\] = mu/s.first[k] = (mu)/' "^$pages/en/09-momentum.md:.*optimizer_rules.h"
mv $pages/zh/slips.md $pages/zh/slip.md
expected+=("^$pages/zh/slips.md: missing")
if scripts/fill-tutorial "$program" build/check --check >report 2>&1; then
  echo "fill-tutorial --check found nothing"
  missed=1
fi
for pattern in "${expected[@]}"; do
  grep -qE -- "$pattern" report || { echo "not reported: $pattern" && missed=1; }
done
echo "${#expected[@]} faults of other kinds"
exit "$missed"
