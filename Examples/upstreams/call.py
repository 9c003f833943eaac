#!/usr/bin/env python3
"""Calls an API with a token that a Mintmark on this host keeps fresh:  call.py UPSTREAM URL

UPSTREAM is such as http://127.0.0.1:8080/upstreams/crm. Nothing but the standard library. A token that the API refuses is given up, and the
call is made once more.
"""
import json
import sys
import urllib.error
import urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to another origin, which must not see the token; urllib would take the header along."""

    def redirect_request(self, *_):
        return None


api = urllib.request.build_opener(Stay)


def token(upstream: str) -> str:
    """The token of now: asking costs the sidecar some microseconds, so nothing is kept here."""
    with urllib.request.urlopen(f"{upstream}/token", timeout=30) as reply:
        return json.load(reply)["access_token"]


def invalidate(upstream: str, refused: str) -> None:
    body = json.dumps({"access_token": refused}).encode()
    request = urllib.request.Request(f"{upstream}/invalidate", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()


def call(upstream: str, url: str) -> bytes:
    for is_last in (False, True):
        held = token(upstream)
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {held}"})
        try:
            with api.open(request, timeout=30) as reply:
                return reply.read()
        except urllib.error.HTTPError as error:
            if error.code != 401 or is_last:
                raise
            invalidate(upstream, held)
    raise AssertionError("the second call returns or raises")


if __name__ == "__main__":
    sys.stdout.buffer.write(call(sys.argv[1], sys.argv[2]))
