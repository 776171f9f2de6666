#!/usr/bin/env bash
# demo.sh [DATA]: starts the site and runs the whole loop. ^C stops the site too; a second run goes on where it stopped.
set -euo pipefail

python=.venv/bin/python
data=()
[ -z "${1:-}" ] || data=(--data "$(realpath "$1")")

stopped() {
  trap - INT TERM
  echo
  "$python" -m ymir_site.launcher stop || true
  echo "Run make demo again to go on from here."
  exit 130
}
trap stopped INT TERM

exec 3>&1
welcome="$("$python" -m ymir_site.launcher start | tee -i >(cat >&3))"
"$python" manage.py quickstart "${data[@]}" || {
  echo "The demo did not end well; the site still runs for a look. make stop ends it." >&2
  exit 1
}
echo "Look at it: $("$python" -m ymir_site.launcher address)"
grep '^First admin' <<<"$welcome" ||
  echo "Sign in as before; for a new password: .venv/bin/python manage.py changepassword ${FIRST_ADMIN:-admin}"
