#!/usr/bin/env bash
# tests/words.sh [ROOT]: reads the files that tests/words.txt names under ROOT and reports, by file and line, each word that it
# replaces. With --self-test it plants such words and exceptions in a file of its own and expects exactly these reports.
set -euo pipefail
export LC_ALL=C
list=$(cd "$(dirname "$0")" && pwd)/words.txt

check() { # check FILE...: 0 when nothing is found
  awk -v list="$list" '
    # < and > are the edges of a word; a byte of a Chinese character is no letter.
    function expression(text) {
      gsub(/</, "(^|[^a-z0-9_])", text)
      gsub(/>/, "([^a-z0-9_]|$)", text)
      gsub(/ /, "[ \t]+", text)
      return text
    }
    function trimmed(text) { sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text); return text }
    function blanks(count, text) { while (count-- > 0) text = text "~"; return text }
    # Removes what matches, character by character, so that the columns stay.
    function without(text, pattern, done) {
      done = ""
      while (match(text, pattern) && RLENGTH > 0) {
        done = done substr(text, 1, RSTART - 1) blanks(RLENGTH)
        text = substr(text, RSTART + RLENGTH)
      }
      return done text
    }
    # Comments and strings of a line of C++ or JavaScript, without `code` in comments and without strings that are one
    # lower-case word: these are keys and names.
    function prose_of_code(text, out, i, c, inside, string) {
      out = ""
      if (text ~ /^[ \t]*#[ \t]*include/) return ""
      for (i = 1; i <= length(text); ++i) {
        c = substr(text, i, 1)
        if (inside && c == "\\") { ++i; continue }
        if (c == "\"") {
          if (inside && string !~ /^[a-z0-9_]+$/) out = out string
          inside = !inside; out = out " "; string = ""
          continue
        }
        if (!inside && substr(text, i, 2) == "//") {
          text = substr(text, i + 2)
          sub(/^\/?<?/, "", text)
          return out " " without(text, "`[^`]*`")
        }
        if (inside) string = string c
      }
      return out string
    }
    function prose_of_document(text) {
      if (text ~ /^[ \t]*```/) { fenced = !fenced; return "" }
      if (fenced || text ~ /^    [^*]/) return ""
      text = without(text, "`[^`]*`")
      text = without(text, "]\\([^)]*\\)")
      return without(text, "<!--.*-->")
    }
    BEGIN {
      while ((getline line < list) > 0) {
        if (line ~ /^not /) {
          cut = index(line, " => ")
          pattern[++count] = expression(trimmed(substr(line, 5, cut - 5)))
          better[count] = trimmed(substr(line, cut + 4))
        } else if (line ~ /^but /) {
          cut = index(line, " # ")
          if (cut == 0) { print list ": expected a reason, \" # ...\": " line; found = 1; continue }
          allowed[count, ++exceptions[count]] = expression(trimmed(substr(line, 5, cut - 5)))
        }
      }
      if (count == 0) { print list ": no patterns"; found = 1 }
    }
    FNR == 1 { fenced = 0; tail = "" }
    {
      text = FILENAME ~ /\.(h|cpp|js)$/ ? prose_of_code($0) : prose_of_document($0)
      text = tolower(text)
      whole = tail " " text
      for (k = 1; k <= count; ++k) {
        rest = whole
        if (rest !~ pattern[k]) continue
        for (e = 1; e <= exceptions[k]; ++e) rest = without(rest, allowed[k, e])
        start = 0
        while (match(rest, pattern[k]) && RLENGTH > 0) {
          start += RSTART + RLENGTH - 1
          if (start > length(tail) + 1) { # not all of it on the line before
            print FILENAME ":" FNR ": \"" trimmed(substr(rest, RSTART, RLENGTH)) "\": expected " better[k]
            found = 1
          }
          rest = substr(rest, RSTART + RLENGTH)
        }
      }
      tail = text
      sub(/[ \t]+$/, "", tail)
      if (match(tail, /[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+$/)) tail = substr(tail, RSTART) # three words
    }
    END { exit found }
  ' "$@"
}

if [ "${1:-}" = --self-test ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  cd "$folder"
  cat >planted.md <<'TEXT'
The figures are good, and `figures` of [code](figures.md) are not read.
At
least this line and in place are allowed, but the least
number is not; nobody wants it.

    figures in a code block

```
the truth
```
A value that is no
number, and 误差反向传播 but not 误差.
TEXT
  cat >planted.cpp <<'TEXT'
int figures = 1;  // the figures of `figures`
auto text = "a rehearsal";
auto key = at["figures"];
TEXT
  cat >expected <<'TEXT'
planted.md:1: "figures": expected scores, metrics
planted.md:3: "least": expected minimum
planted.md:4: "wants": expected needs, reads, requests
planted.md:12: "is no n": expected is not a
planted.md:12: "误差": expected 损失
planted.cpp:1: "figures": expected scores, metrics
planted.cpp:2: "rehearsal": expected trial run
TEXT
  check planted.md planted.cpp >found && { echo "expected a failure"; exit 1; }
  diff expected found
  echo "each planted word is found, each exception is not"
  exit 0
fi

cd "${1:-$(dirname "$0")/..}"
files=()
for file in $(sed -n 's/^files //p' "$list"); do
  [ -f "$file" ] || { echo "$list: expected a file, found none: $file"; exit 1; }
  grep -qxF "except $file" "$list" || files+=("$file")
done
check "${files[@]}"
echo "${#files[@]} files, no such word"
