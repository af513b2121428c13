#!/bin/sh
# Install what the project or an image needs: the versions that the project is tested with, each file checked against a
# hash. Run in the project's folder.
#
#   install.sh dependencies VENV   a new environment with what requirements.lock pins, and PyTorch's CUDA where it asks for it
#   install.sh project VENV        the project itself, into that environment
#   install.sh lab VENV            Jupyter, into that environment
#   install.sh mxnet NEW [VENV]    MXNet in an environment NEW; as a kernel of the Jupyter in VENV
#
# PYTHON names the interpreter.
set -eu

here=$(dirname "$0")
python=${PYTHON:-python3}

install() { # ENVIRONMENT LOCK...
  environment=$1
  shift
  for lock in "$@"; do
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement "$lock"
  done
}

case ${1-} in
  dependencies)
    "$python" -m venv "$2"
    install "$2" requirements.lock
    case $("$2/bin/python" -c 'from importlib.metadata import version; print(version("torch"))') in
      *+cpu) ;; # a build for the processor alone
      *) install "$2" locks/cuda.lock ;; # empty but on Linux
    esac
    ;;
  project) # nothing is fetched: hatchling is pinned above
    "$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    ;;
  lab)
    install "$2" "$here/lab.lock"
    ;;
  mxnet)
    "$python" -m venv "$2"
    install "$2" tests/export/mxnet/requirements.lock
    "$2/bin/python" -W ignore -c 'import numpy; numpy.bool = bool; import mxnet'
    if [ -n "${3-}" ]; then
      install "$2" "$here/mxnet-kernel.lock"
      "$2/bin/python" -m ipykernel install --prefix "$3" --name mxnet --display-name 'MXNet 1.9.1'
    fi
    ;;
  *)
    echo "usage: install.sh dependencies|project|lab VENV, install.sh mxnet NEW [VENV]" >&2
    exit 2
    ;;
esac
