#!/usr/bin/env bash
# Runs the task that env.yaml describes: in the image from /app, and without Docker from this folder, for example
#   DEFAULT_ENV_FILE_PATH=/some/in/env.yaml PYTHON=python3 bash start.sh
set -eu
home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -d "$home/detector" ] || home=/app
export PYTHONPATH="$home${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONUNBUFFERED=1
export PYTHONDONTWRITEBYTECODE=1
# Waiting threads must not spin: on a busy machine that makes training many times slower.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-PASSIVE}"
exec "${PYTHON:-python3}" -m detector
