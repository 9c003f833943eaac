#!/usr/bin/env bash
# Makes sure that what the build needs from the system is there: a Swift toolchain and the headers of SQLite. With the names of commands, they
# too: the tests run curl and openssl.
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

# What is missing, by the names of Debian's packages.
missing() {
    has_sqlite || echo libsqlite3-dev
    for command in "$@"; do command -v "$command" >/dev/null || echo "$command"; done
}

packages=$(missing "$@" | tr '\n' ' ')
[ -n "$packages" ] || exit 0
if ! command -v apt-get >/dev/null; then
    echo "mintmark: missing: $packages; install them, or what they are called on your system." >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "mintmark: missing: sudo apt-get install $packages" >&2
    exit 1
fi
echo "mintmark: installing $packages" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
install() { apt-get install -y -qq --no-install-recommends $packages >/dev/null; }
install 2>/dev/null || { apt-get update -qq && install; }
[ -z "$(missing "$@")" ]
