#!/bin/sh
# Install what an image needs, always at the versions that the project is tested with. Run in the project's folder.
#
#   install.sh dependencies VENV   a new environment with what the project depends on
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

create() { # ENVIRONMENT
  "$python" -m venv "$1"
  install "$1" pip==25.3
}

case ${1-} in
  dependencies)
    create "$2"
    needed=$(mktemp)
    "$here/dependencies.py" pyproject.toml >"$needed"
    install "$2" --constraint constraints.txt --requirement "$needed"
    rm -f "$needed"
    ;;
  project)
    install "$2" --no-deps --editable .
    ;;
  lab)
    install "$2" --constraint constraints.txt --requirement "$here/lab.txt"
    ;;
  mxnet)
    create "$2"
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
