#!/usr/bin/env bash
# Collects the texts to translate from sources and templates into locale/zh_Hans.
set -euo pipefail

cd "$(dirname "$0")/.."
mkdir -p locale
.venv/bin/django-admin makemessages --locale zh_Hans --no-wrap --no-obsolete --add-location file \
  --ignore '.venv*' --ignore '.var' --ignore 'executors/images' --ignore '*/tests/*' --ignore 'tests' >/dev/null
