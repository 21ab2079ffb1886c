#!/usr/bin/env bash
# packages.sh BUILD FOLDER: makes Debian packages from BUILD and checks their contents.
set -euo pipefail
build=$1 folder=$2
command -v dpkg-deb >/dev/null || { echo "skipped: dpkg-deb is missing"; exit 0; }
rm -rf "$folder"
cpack -G DEB --config "$build/CPackConfig.cmake" -B "$folder" >/dev/null
version=$(sed -n 's/.*kVersion = "\(.*\)".*/\1/p' "$(dirname "$0")/../../chainrule/base/version.h")
architecture=$(dpkg --print-architecture)
wrong=0

# expect PACKAGE WHAT TEXT PATTERN...: each pattern must be in TEXT; a pattern with a minus must not.
expect() {
  local package=$1 what=$2 text=$3 pattern
  shift 3
  for pattern in "$@"; do
    if [[ $pattern == -* ]]; then
      ! grep -qE -- "${pattern#-}" <<<"$text" || { echo "$package: $what: there is ${pattern#-}"; wrong=$((wrong + 1)); }
    else
      grep -qE -- "$pattern" <<<"$text" || { echo "$package: $what: expected $pattern"; wrong=$((wrong + 1)); }
    fi
  done
}

program=$folder/chainrule_${version}_$architecture.deb library=$folder/libchainrule-dev_${version}_$architecture.deb
contents=$(dpkg-deb -c "$program")
expect chainrule contents "$contents" '\./usr/bin/chainrule$' man1/chainrule\\.1 man1/chainrule-train\\.1 bash-completion/completions/chainrule \
  zsh/vendor-completions/_chainrule fish/vendor_completions.d/chainrule.fish doc/chainrule/copyright \
  doc/chainrule/third-party-licenses.md -include/ -lib/
fields=$(dpkg-deb -I "$program")
expect chainrule control "$fields" 'Package: chainrule$' "Version: $version" 'Maintainer: .'
if command -v dpkg-shlibdeps >/dev/null; then expect chainrule control "$fields" 'Depends: .*libc6' 'Depends: .*libfmt'; fi
contents=$(dpkg-deb -c "$library")
expect libchainrule-dev contents "$contents" include/chainrule/chainrule.h 'lib.*/libchainrule\.(a|so)' pkgconfig/chainrule.pc \
  cmake/chainrule/chainruleConfig.cmake doc/libchainrule-dev/copyright doc/libchainrule-dev/third-party-licenses.md -usr/bin \
  -doc/chainrule/ -kernels/kernels.h
expect libchainrule-dev control "$(dpkg-deb -I "$library")" 'Package: libchainrule-dev$' 'Depends: .'

[ "$wrong" -eq 0 ]
ls -l "$folder"/*.deb
