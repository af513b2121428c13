#!/bin/sh
# Build the report into site/, with a packed copy beside each file that packs well: build-site.sh VENV
#
# Run in the project's folder. VENV is what install.sh made, in place of the .venv that `make setup` would make.
set -eu
npm=/usr/local/lib/node_modules/npm/bin/npm-cli.js
command -v npm >/dev/null || ln -s "$npm" /usr/local/bin/npm
touch "$1/.installed"
make report SERVE=0 BIN="$1/bin" PY_INSTALLED="$1/.installed"
"$(dirname "$0")/precompress.py" site
