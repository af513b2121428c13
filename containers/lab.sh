#!/bin/sh
# The entry point of the image `lab`: Jupyter with copies of the notebooks, which may be changed and are kept in the runs.
#
# Jupyter makes a token of its own and prints it, unless JUPYTER_TOKEN gives one.
set -eu

here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
project=${PROJECT:-$(dirname "$here")}
data=${DATA:-/data}
if [ -n "${JUPYTER_TOKEN+given}" ] && [ "${#JUPYTER_TOKEN}" -lt 16 ]; then
  echo "error: JUPYTER_TOKEN has ${#JUPYTER_TOKEN} characters, at least 16 are needed; unset it to get a random one" >&2
  exit 1
fi
if [ -z "${BACKDOORS_DATA-}" ] && [ -d "$data" ] && [ -n "$(ls -A "$data")" ]; then
  export BACKDOORS_DATA="$data"
fi
notebooks=$BACKDOORS_RUNS/notebooks
if ! mkdir -p "$notebooks"; then
  echo "error: $BACKDOORS_RUNS cannot be written by user $(id -u); mount a folder that it owns, or run as its owner (--user)" >&2
  exit 1
fi
for notebook in "$project"/export/notebooks/*.ipynb; do
  copy=$notebooks/$(basename "$notebook")
  [ -e "$copy" ] || cp "$notebook" "$copy"
done
cd "$project"
exec jupyter lab --no-browser --ip="${HOST:-0.0.0.0}" --port="${PORT:-8888}" \
  --ServerApp.root_dir="$project" --LabApp.default_url=/lab/tree/runs/notebooks \
  --ServerApp.allow_remote_access=True "$@"
