#!/usr/bin/env bash
# make_venv.sh FOLDER: makes a virtual environment there, also where Debian's python3-venv is not installed.
set -euo pipefail

folder="$1"
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
[ -x "$folder/bin/pip" ] && exit 0

"$python" -m venv "$folder" >/dev/null 2>&1 && exit 0
if "$python" -m pip --version >/dev/null 2>&1; then # venv lacks only ensurepip, which another pip stands in for
  "$python" -m venv --without-pip --clear "$folder"
  "$python" -m pip --python "$folder/bin/python" install --quiet pip
  exit 0
fi
if [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; then
  "$(dirname "$0")/install_packages.sh" python3-venv
  exec "$python" -m venv --clear "$folder"
fi
echo "python3-venv is missing: apt-get install python3-venv" >&2
exit 1
