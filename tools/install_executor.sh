#!/usr/bin/env bash
# install_executor.sh VENV: installs what the shipped executors need.
# A machine without an NVIDIA driver takes PyTorch's CPU build where its index can be reached: 200 MB, not several GB.
set -euo pipefail

requirements=executors/images/detector/requirements.txt
cpu_index=https://download.pytorch.org/whl/cpu
extra=()
if ! command -v nvidia-smi >/dev/null && [ -z "$("$1/bin/pip" config get global.find-links 2>/dev/null || true)" ]; then
  "$1/bin/python" -c "import urllib.request as r; r.urlopen('$cpu_index/torch/', timeout=5)" 2>/dev/null &&
    extra=(--extra-index-url "$cpu_index")
fi
"$1/bin/pip" install --quiet "${extra[@]}" -r "$requirements"
