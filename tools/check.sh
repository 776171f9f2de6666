#!/usr/bin/env bash
# Runs every check, also after one has failed, and says at the end which failed.
set -uo pipefail

cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
failed=()

run() { # run NAME COMMAND…
  local name="$1" started=$SECONDS
  shift
  if output="$("$@" 2>&1)"; then
    printf '  ok      %-22s %3d s\n' "$name" $((SECONDS - started))
  else
    printf '  FAILED  %-22s %3d s\n%s\n' "$name" $((SECONDS - started)) "$output"
    failed+=("$name")
  fi
}

# No server is needed to compare models with migrations.
migrations() { python manage.py makemigrations --check --dry-run; }

run "ruff check" ruff check .
run "ruff format" ruff format --check .
run "mypy" mypy .
run "import contracts" lint-imports
run "djlint" djlint --lint templates
run "migrations" migrations
run "translations" python tools/check_messages.py

[ "${#failed[@]}" -eq 0 ] || { echo "Failed: ${failed[*]}"; exit 1; }
