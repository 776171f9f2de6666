#!/usr/bin/env bash
# build_image.sh TAG FOLDER [DOCKER BUILD ARGUMENTS…]: builds an image on top of BASE_IMAGE (local/python:3.11, made when missing).
#
# Where the host's pip is told to look elsewhere than PyPI (an index, a folder of wheels), the wheels that
# FOLDER/requirements.txt asks for are gathered beforehand with those settings, and served to the build on the loopback.
set -euo pipefail

tag="$1" folder="$2"
shift 2
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/ymir"
mkdir -p "$cache"
exec 9>"$cache/build.lock"
flock 9 # one build at a time: two would gather the same wheels

base="${BASE_IMAGE:-local/python:3.11}"
[ "$base" != local/python:3.11 ] || "$here/base_image.sh" >/dev/null
arguments=(--network host --build-arg "BASE_IMAGE=$base")

python=python3
[ ! -x "$here/../.venv/bin/python" ] || python="$here/../.venv/bin/python"
if [ -d "$folder/img-man" ]; then # an executor: the site runs it by itself only while it is built from today's source
  source="$(PYTHONPATH="$here/.." "$python" -m executors.runners.shipped "$folder")"
  arguments+=(--label "ymir.source=$source")
fi
# Answers on the loopback only, and ends with this script.
serve() { "$python" -m http.server "$2" --bind 127.0.0.1 --directory "$1" >/dev/null 2>&1 9>&- & }

requirements="$folder/requirements.txt"
settings="$("$python" -m pip config list)"
if [ -f "$requirements" ] && grep -Eq 'index-url|find-links' <<<"$settings"; then
  key="$( (cat "$requirements"; docker image inspect --format '{{.Id}}' "$base") | sha256sum | cut -c1-12)"
  wheels="$cache/wheels-$key"
  if [ ! -f "$wheels/.complete" ]; then
    "$python" "$here/gather_wheels.py" "$base" "$requirements" "$wheels" >&2
    touch "$wheels/.complete"
  fi
  port=$((20000 + 16#${key:0:4} % 20000)) # the same for the same wheels, so that Docker's cache holds
  serve "$wheels" "$port"
  trap 'kill %1 2>/dev/null' EXIT
  arguments+=(--build-arg PIP_NO_INDEX=1 --build-arg "PIP_FIND_LINKS=http://127.0.0.1:$port/")
fi

log="$(mktemp)"
docker build "${arguments[@]}" --tag "$tag" "$@" "$folder" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
rm "$log"
echo "$tag"
