#!/usr/bin/env bash
# Reports on every example: demo.sh EXAMPLES_FOLDER OUT_FOLDER, with chapterv on the PATH.
set -euo pipefail
examples=$1 out=$2

found=0
for dossier in "$examples"/*/; do
  [ -f "$dossier/chapterv.toml" ] || continue
  found=1
  name=$(basename "$dossier")
  printf '\n· chapterv report %s --out %s\n\n' "${dossier%/}" "$out/$name"
  chapterv report "${dossier%/}" --out "$out/$name"
done
[ "$found" -eq 1 ] || { echo "no example with a chapterv.toml in $examples" >&2; exit 1; }

printf '\nWhere to look: open these in a browser (they load nothing from the network)\n'
find "$out" -name '*.html' | sort | sed 's/^/  /'
