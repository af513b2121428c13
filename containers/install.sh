#!/bin/sh
# Install what an image needs, always at the versions that the project is tested with. Run in the project's folder.
#
#   install.sh dependencies VENV   a new environment with what requirements.lock pins, and PyTorch
#   install.sh project VENV        the project itself, into that environment
#   install.sh lab VENV            Jupyter, into that environment
#   install.sh mxnet NEW VENV      MXNet in an environment NEW, as a kernel of the Jupyter in VENV
#
# PYTHON names the interpreter, DRY_RUN=1 only resolves.
set -eu

here=$(dirname "$0")
python=${PYTHON:-python3}

install() { # ENVIRONMENT ARGUMENTS...
  environment=$1
  shift
  "$environment/bin/python" -m pip install --quiet ${DRY_RUN:+--dry-run} "$@"
}

case ${1-} in
  dependencies)
    "$python" -m venv "$2"
    install "$2" --require-hashes --no-deps --requirement requirements.lock
    install "$2" --constraint constraints.txt torch
    ;;
  project)
    install "$2" --no-deps --no-build-isolation --editable .
    ;;
  lab)
    install "$2" --constraint constraints.txt --requirement "$here/lab.txt"
    ;;
  mxnet)
    "$python" -m venv "$2"
    install "$2" pip==25.3
    install "$2" --requirement tests/export/mxnet/requirements.txt --requirement "$here/mxnet-kernel.txt"
    if [ -z "${DRY_RUN-}" ]; then
      "$2/bin/python" -W ignore -c 'import mxnet'
      "$2/bin/python" -m ipykernel install --prefix "$3" --name mxnet --display-name 'MXNet 1.9.1'
    fi
    ;;
  *)
    echo "usage: install.sh dependencies|project|lab VENV, install.sh mxnet NEW VENV" >&2
    exit 2
    ;;
esac
