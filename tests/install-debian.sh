#!/bin/sh
# Install one of Debian's packages for tests, where that is possible without asking. Never fails; says what is missed.
# usage: install-debian.sh PACKAGE PROGRAM TESTS
set -u
PATH="$PATH:/usr/sbin"
package=$1 program=$2 tests=$3

install() {
  # at run level 1 no service is started: the tests start their own
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive timeout 180 \
    apt-get install -y -q --no-install-recommends "$package" >/dev/null 2>&1
}

if ! command -v "$program" >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  install || { timeout 120 apt-get update -q >/dev/null 2>&1 && install; }
fi
command -v "$program" >/dev/null || echo "$package cannot be installed here: $tests will be skipped"
exit 0
