#!/bin/sh
# The entry point of the image `report`: nginx in the foreground, writing to a temporary folder only.
#
# SITE is the built site, PORT the port to listen at.
set -eu

here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
site=${SITE:-/srv/site}
if ! [ -f "$site/index.html" ]; then
  echo "error: there is no site in $site" >&2
  exit 1
fi
# nginx resolves the paths in its configuration from here
prefix=$(mktemp -d)
mkdir "$prefix/tmp"
ln -s "$site" "$prefix/site"
sed "s/listen 8080;/listen ${PORT:-8080};/" "$here/nginx.conf" >"$prefix/nginx.conf"
exec nginx -p "$prefix/" -c nginx.conf -e stderr -g 'daemon off;'
