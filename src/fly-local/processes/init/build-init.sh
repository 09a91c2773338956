#!/bin/sh
# Builds init.c for both processors and writes init-binaries.generated.ts. Reproducible: the same compilers give the same
# bytes (Debian 12: gcc and gcc-aarch64-linux-gnu, 12.2.0).
#   build-init.sh [DIRECTORY]   where the programs and the generated file go; default: beside this script
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-$here}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags="-Os -std=gnu11 -Wall -Wextra -Werror -static -nostdlib -ffreestanding -fno-builtin -fno-stack-protector
  -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -Wl,--build-id=none,-z,noseparate-code"
cd "$here"
gcc $flags -o "$work/x64" init.c
strip -R .comment -R .note.gnu.property "$work/x64"
aarch64-linux-gnu-gcc $flags -mno-outline-atomics -o "$work/arm64" init.c
aarch64-linux-gnu-strip -R .comment "$work/arm64"

{
  echo '/** The init of a Machine, built from init.c by build-init.sh. Not edited by hand. */'
  echo
  echo '/** Static ELF programs in base64, by what `process.arch` calls the processor. */'
  echo 'export const INIT_BINARIES: Readonly<Record<string, string>> = {'
  for arch in x64 arm64; do
    echo "  $arch:"
    base64 -w 104 "$work/$arch" | sed -e 's/^/    "/' -e 's/$/" +/' -e '$ s/" +$/",/'
  done
  echo '};'
} >"$to/init-binaries.generated.ts"
