#!/bin/sh
# Calls an API with a token that a Mintmark on this host keeps fresh:  call.sh UPSTREAM URL
#   UPSTREAM  such as http://127.0.0.1:8080/upstreams/crm
# A token that the API refuses is given up, and the call is made once more.
set -eu
upstream=$1
url=$2

token() {
  reply=$(curl -fsS "$upstream/token") || return
  printf '%s\n' "$reply" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p'
}

# The token goes through standard input: a command line can be read by everybody on the host.
call() {
  printf 'header = "Authorization: Bearer %s"\n' "$1" | curl -sS -K - -o "$answer" -w '%{http_code}' "$url"
}

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
held=$(token)
status=$(call "$held")
if [ "$status" = 401 ]; then
  printf '{"access_token":"%s"}' "$held" | curl -fsS -o /dev/null -H 'Content-Type: application/json' --data-binary @- "$upstream/invalidate"
  status=$(call "$(token)")
fi
cat "$answer"
[ "$status" -lt 400 ]
