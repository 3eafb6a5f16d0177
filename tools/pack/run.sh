#!/usr/bin/env bash
# Measures this machine's GPU with what lies beside this file, without a network: OUT=FOLDER bash run.sh
# It needs Linux on x86-64, a Vulkan driver, and xz or a Python with lzma; PyTorch with CUDA is timed beside where `python3` has it.
# At most nine minutes, at most eight files in $OUT (default: ./results), the most telling first. On a software adapter TIME_FACTOR=6 helps.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export OUT=${OUT:-$PWD/results}
mkdir -p "$OUT"
work=$(mktemp -d "${TMPDIR:-/tmp}/unfold-gpu-XXXXXX")
trap 'rm -rf "$work"' EXIT
began=$(date +%s)

if ! tar -xJf "$here/payload.tar.xz" -C "$work" 2>"$work/tar.log"; then
  python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1], "r:xz").extractall(sys.argv[2])' "$here/payload.tar.xz" "$work" || {
    echo "run.sh: payload.tar.xz cannot be unpacked: tar says $(head -1 "$work/tar.log"), and python3 cannot either. Install xz-utils." | tee "$OUT/1-summary.md" >&2
    exit 1
  }
fi
echo "run.sh: unpacked in $(($(date +%s) - began)) s"
cd "$work"
UNFOLD_BEGAN=$began ./node tools/pack/run.mjs
