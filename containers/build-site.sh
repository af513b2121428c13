#!/bin/sh
# Build the report into site/, with a packed copy beside each file that packs well. Run in the project's folder.
set -eu
npm=/usr/local/lib/node_modules/npm/bin/npm-cli.js
command -v npm >/dev/null || ln -s "$npm" /usr/local/bin/npm
make report SERVE=0
"$(dirname "$0")/precompress.py" site
