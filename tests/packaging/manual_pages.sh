#!/usr/bin/env bash
# manual_pages.sh PROGRAM: groff must print no warnings for the manual pages, and they must have the options of help.
set -euo pipefail
program=$1
command -v groff >/dev/null || { echo "skipped: groff is missing"; exit 0; }
pages=0 wrong=0
verbs=$("$program" help --man | sed -n 's/^\\fBchainrule\\-\([a-z]*\)\\fR(1).*/\1/p')
for verb in '' $verbs; do
  # shellcheck disable=SC2086
  page=$("$program" help --man $verb)
  said=$(groff -man -ww -z -K utf8 -Tutf8 <<<"$page" 2>&1) || true
  if [ -n "$said" ]; then
    echo "chainrule help --man $verb: $said"
    wrong=$((wrong + 1))
  fi
  text=$(groff -man -rLL=1000n -K utf8 -Tutf8 -P-cbou <<<"$page")
  # shellcheck disable=SC2086
  for option in $("$program" help $verb | grep -oE '^ +(-[a-z], )?--[][a-z-]+' | grep -oE -- '--[][a-z-]+'); do
    grep -qF -- "$option" <<<"$text" || { echo "chainrule help --man $verb: expected $option"; wrong=$((wrong + 1)); }
  done
  pages=$((pages + 1))
done
[ "$pages" -gt 10 ] && [ "$wrong" -eq 0 ]
echo "$pages pages"
