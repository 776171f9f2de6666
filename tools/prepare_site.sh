#!/usr/bin/env bash
# prepare_site.sh UID:GID: what a container start needs once: the data folder's owner, the database, the first admin.
set -euo pipefail

owner="$1"
mkdir -p "$YMIR_DATA_ROOT"
[ "$(stat -c %u:%g "$YMIR_DATA_ROOT")" = "$owner" ] || chown "$owner" "$YMIR_DATA_ROOT"
as_owner() { setpriv --reuid "${owner%:*}" --regid "${owner#*:}" --clear-groups "$@"; }
as_owner python manage.py migrate --noinput
as_owner python manage.py ensure_admin || echo "prepare: no first admin was made; the site starts without" >&2
