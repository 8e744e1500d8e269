#!/usr/bin/env bash
# tidy.text - no tabs, no trailing white space, a first line that names the file, headers that compile alone.
set -euo pipefail
root=$1
cd "$root"
read -ra drawing < <(pkg-config --cflags pangocairo)
status=0
while IFS= read -r file; do
    [ -f "$file" ] || continue
    if grep -nP '\t|[ \t]+$' "$file"; then echo "$file: tab or trailing white space"; status=1; fi
    case $file in
    *.[ch]) [[ $(head -n 1 "$file") == "// $file - "* ]] || { echo "$file: the first line is not '// $file - …'"; status=1; } ;;
    esac
    case $file in
    *.h) gcc -std=c17 -D_GNU_SOURCE -I. -I/usr/include/postgresql "${drawing[@]}" -fsyntax-only -x c "$file" || { echo "$file does not compile alone"; status=1; } ;;
    esac
done < <(find cli labs patterns real sim viz -name '*.[ch]')
exit $status
