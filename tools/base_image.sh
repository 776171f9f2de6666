#!/usr/bin/env bash
# Makes local/python:3.11, a stand-in for python:3.11-slim on machines without a container registry, and prints its name.
# The package mirror and the extra CA certificates are the host's own, read at run time.
set -euo pipefail

image="${1:-local/python:3.11}"
suite=bookworm
script="$(readlink -f "${BASH_SOURCE[0]}")"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/ymir"

mirrors() { # "URI SUITE COMPONENT…" for each Debian source of the host, in either of apt's two formats
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    sort -u | awk -v suite="$suite" '$2 == suite || $2 == suite "-updates" || $2 == suite "-security"'
}

sources() {
  local found
  found="$(mirrors | sed 's/^/deb /')"
  [ -n "$found" ] || { echo "apt knows no source of $suite; run apt-get update" >&2; return 1; }
  echo "$found"
}

certificates() { find /usr/local/share/ca-certificates -name '*.crt' 2>/dev/null | sort; }

key="$( (cat "$script"; sources; certificates | xargs -r cat) | sha256sum | cut -c1-16)"
if [ "$(docker image inspect --format '{{index .Config.Labels "ymir.base"}}' "$image" 2>/dev/null)" = "$key" ]; then
  echo "$image"
  exit 0
fi

mkdir -p "$cache"
tar="$cache/base-$key.tar"
# Built in a scratch folder that both the builder's user and _apt can read.
scratch="$(mktemp -d "${TMPDIR:-/tmp}/ymir-base.XXXXXX")"
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

if [ ! -s "$tar" ]; then
  sources >"$scratch/sources.list"
  mkdir "$scratch/certificates"
  certificates | xargs -r -I{} cp {} "$scratch/certificates/"
  mmdebstrap --quiet --format=tar --variant=minbase \
    --include=ca-certificates,python3,python3-pip,python3-venv,netbase,tzdata \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="copy-in $scratch/certificates/. /usr/local/share/ca-certificates" \
    --customize-hook='chroot "$1" update-ca-certificates >/dev/null 2>&1' \
    --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
    --customize-hook='ln -sf python3 "$1/usr/bin/python"' \
    --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*' \
    "$suite" "$tar.part" - <"$scratch/sources.list" >&2
  mv "$tar.part" "$tar"
fi

bundle=/etc/ssl/certs/ca-certificates.crt
docker import \
  --change "LABEL ymir.base=$key" \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change "ENV PIP_CERT=$bundle REQUESTS_CA_BUNDLE=$bundle SSL_CERT_FILE=$bundle LANG=C.UTF-8" \
  --change 'CMD ["python3"]' \
  "$tar" "$image" >/dev/null
echo "$image"
