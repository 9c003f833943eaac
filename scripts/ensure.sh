#!/usr/bin/env bash
# Makes sure that what the build needs from the system is there: a Swift toolchain and the headers of SQLite.
set -euo pipefail

swift=${SWIFT:-swift}
if ! command -v "$swift" >/dev/null; then
    echo "mintmark: there is no '$swift' in PATH; Swift 6.3 is at https://www.swift.org/install/" >&2
    exit 1
fi

has_sqlite() {
    [ "$(uname)" = Darwin ] || [ -e /usr/include/sqlite3.h ] || [ -e /usr/local/include/sqlite3.h ] ||
        { command -v pkg-config >/dev/null && pkg-config --exists sqlite3; }
}

has_sqlite && exit 0
if ! command -v apt-get >/dev/null; then
    echo "mintmark: the headers of SQLite are missing: install the package of your system, sqlite-devel or sqlite-dev." >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "mintmark: the headers of SQLite are missing: sudo apt-get install libsqlite3-dev" >&2
    exit 1
fi
echo "mintmark: installing libsqlite3-dev" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq libsqlite3-dev >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq libsqlite3-dev >/dev/null; }
has_sqlite
