#!/bin/sh
# Install libraries of the system that Python packages expect and the slim images lack: system.sh PACKAGE...
#
# One that a processor's Debian does not have (libquadmath on ARM) is left out: what is built there does not need it.
set -eu
apt-get update -q
wanted=
for package in "$@"; do
  if apt-cache show "$package" >/dev/null 2>&1; then
    wanted="$wanted $package"
  else
    echo "left out, not known here: $package"
  fi
done
# shellcheck disable=SC2086  # one word each
apt-get install -y -q --no-install-recommends $wanted
rm -rf "${LISTS:-/var/lib/apt/lists}"/*
