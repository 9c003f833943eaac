#!/bin/sh
# Installs nginx for `make bench`, which prints its `return 200` beside the other servers. The benchmark runs without it and
# says so in the row; nothing else in the project needs it.
set -eu
if command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "install-nginx: no apt-get here; install nginx yourself to see its row" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo"; fi
$as_root apt-get update -q >/dev/null
# The package would start a server on port 80 when it is configured; a policy file that forbids it is gone again afterwards.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    trap '$as_root rm -f "$policy"' EXIT
fi
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends nginx-light ||
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends nginx
