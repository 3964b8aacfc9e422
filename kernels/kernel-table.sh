#!/usr/bin/env bash
# Writes the table of kernels into README.md beside this script: what nvcc says of each and what its source says it costs.
# A roofline time is the longer of bytes over 3.35 TB/s and operations over 67 TFLOP/s (H100 SXM), without launch.
set -euo pipefail
cd "$(dirname "$0")"
sources=src/main/cuda
report=$(mktemp)
table=$(mktemp)
trap 'rm -f "$report" "$table"' EXIT
nvcc -std=c++17 -arch=sm_90 -cubin -Xptxas -v -o /dev/null "$sources/latentrace.cu" 2> "$report"
awk '
  FNR == 1 { file = FILENAME; sub(/.*\//, "", file) }
  /Compiling entry function/ { split($0, part, "\x27"); name = part[2] }
  /stack frame/ { frame[name] = $1; spill[name] = $5 }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/); registers[name] = substr($0, RSTART + 5, RLENGTH - 5)
    shared[name] = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH - 11) : 0
  }
  /^\/\/ Cost: / { bytes = $3; flop = $5; unit = $0; sub(/.* per /, "", unit); sub(/\.$/, "", unit) }
  /^extern "C" __global__ void / {
    name = $5; sub(/\(.*/, "", name)
    memory = bytes / 3.35; compute = flop / 67
    printf "| `%s` | %s | %d | %d | %d | %d | %s | %d | %d | %.1f |\n", name, file, registers[name], shared[name],
      frame[name], spill[name], unit, bytes, flop, (memory > compute ? memory : compute)
  }' "$report" "$sources"/[a-km-z]*.cu "$sources"/la*ts.cu "$sources"/lo*.cu > "$table"
{
  sed '/^<!-- kernels -->$/q' README.md
  echo
  echo "nvcc $(nvcc --version | sed -n 's/.*release \([0-9.]*\).*/\1/p'), sm_90. FLOP count an elementary function as ten."
  echo
  echo "| kernel | source | registers | shared bytes | stack bytes | spilled bytes | unit | bytes per unit | FLOP per unit | H100 roofline, µs for 10⁶ units |"
  echo "|---|---|---:|---:|---:|---:|---|---:|---:|---:|"
  cat "$table"
  echo
  sed -n '/^<!-- end of kernels -->$/,$p' README.md
} > README.md.new
mv README.md.new README.md
