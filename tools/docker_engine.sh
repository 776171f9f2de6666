#!/usr/bin/env bash
# Makes sure that a Docker engine answers: starts dockerd when none does and we may (root, or sudo without a password).
set -euo pipefail

answers() { docker info >/dev/null 2>&1; }

answers && exit 0
command -v dockerd >/dev/null || { echo "docker_engine: dockerd is not installed; run tools/install_system.sh" >&2; exit 1; }

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || { echo "docker_engine: no Docker engine answers, and only root can start one" >&2; exit 1; }
  as_root=(sudo -n)
fi

mountpoint -q /sys/fs/cgroup || "${as_root[@]}" cgroupfs-mount || true
log="${TMPDIR:-/tmp}/dockerd-$(id -u).log"
# A new session, so that ^C in the terminal that started the tests leaves the engine alone.
setsid nohup "${as_root[@]}" dockerd >"$log" 2>&1 </dev/null &
for _ in $(seq 200); do
  answers && exit 0
  sleep 0.3
done
echo "docker_engine: dockerd did not answer within 60 s; the end of $log:" >&2
tail -n 20 "$log" >&2
exit 1
