#!/bin/sh
# Install nginx for the tests of the web server, where that is possible without asking. Never fails; says what is missed.
set -u
PATH="$PATH:/usr/sbin"

install() {
  # at run level 1 no service is started: the tests start their own
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive timeout 120 \
    apt-get install -y -q --no-install-recommends nginx-light >/dev/null 2>&1
}

if ! command -v nginx >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  install || { timeout 120 apt-get update -q >/dev/null 2>&1 && install; }
fi
command -v nginx >/dev/null || echo "nginx cannot be installed here: the tests of the web server will be skipped"
exit 0
