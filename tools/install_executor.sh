#!/usr/bin/env bash
# install_executor.sh VENV: installs what the shipped executors need.
# TORCH_INDEX names a further package index for PyTorch: with that of its CPU builds, a machine without an NVIDIA driver
# takes 200 MB, not several GB.
set -euo pipefail

extra=()
[ -z "${TORCH_INDEX:-}" ] || extra=(--extra-index-url "$TORCH_INDEX")
"$1/bin/pip" install --quiet "${extra[@]}" -r executors/images/detector/requirements.txt
