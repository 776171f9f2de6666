#!/usr/bin/env bash
# Stops the site and removes what `make` has made here, the site's data included.
set -euo pipefail

cd "$(dirname "$0")/.."
if [ -x .venv/bin/python ]; then
  .venv/bin/python -m ymir_site.launcher remove
fi
rm -rf .venv .venv-executor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .cache
find . -name __pycache__ -type d -prune -exec rm -rf {} +
