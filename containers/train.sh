#!/bin/sh
# The entry point of the image `train`: `backdoors` with the folders that are mounted.
#
# A folder mounted at /data (DATA) with anything in it is the data; nothing is downloaded then.
set -eu

data=${DATA:-/data}
if [ -z "${BACKDOORS_DATA-}" ] && [ -d "$data" ] && [ -n "$(ls -A "$data")" ]; then
  export BACKDOORS_DATA="$data"
fi
for folder in "$BACKDOORS_RUNS" "$BACKDOORS_CACHE"; do
  if ! [ -d "$folder" ] || ! [ -w "$folder" ]; then
    echo "error: $folder cannot be written by user $(id -u); mount a folder that it owns, or run as its owner (--user)" >&2
    exit 1
  fi
done
exec backdoors "$@"
