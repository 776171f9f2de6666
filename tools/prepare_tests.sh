#!/usr/bin/env bash
# Brings up what the tests need beyond Python: Debian packages, a Docker engine, the base image, compiled translations.
set -euo pipefail

cd "$(dirname "$0")/.."
tools/install_system.sh
tools/docker_engine.sh
tools/base_image.sh >/dev/null
.venv/bin/python tools/compile_messages.py
