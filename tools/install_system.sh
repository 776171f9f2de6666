#!/usr/bin/env bash
# Installs what the tests need from Debian: a Docker engine, Chromium, gettext, Chinese fonts. Quick when all is there.
set -euo pipefail

exec "$(dirname "$0")/install_packages.sh" \
  docker.io cgroupfs-mount iptables mmdebstrap docker-compose busybox-static chromium gettext fonts-noto-cjk git python3-venv
