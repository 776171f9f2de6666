#!/usr/bin/env bash
# Runs every benchmark in turn; each prints its figures beside its yardstick.
set -euo pipefail

cd "$(dirname "$0")/.."
for file in benchmarks/bench_*.py; do
  .venv/bin/python -m "benchmarks.$(basename "$file" .py)"
done
