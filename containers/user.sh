#!/bin/sh
# Make a user without rights or home, and the folders that it may write: user.sh ID FOLDER...
set -eu
id=$1
shift
groupadd --gid "$id" backdoors
useradd --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin --uid "$id" --gid "$id" backdoors
install --directory --owner "$id" --group "$id" "$@"
