#!/usr/bin/env bash
# Builds the image and tries it on real parts; its arguments are pytest's. `make test-image`.
#
# Needs Docker's engine and for compose.yaml docker-compose. As root it starts the engine where none
# runs, and where no image can be pulled it makes stand-ins from packages, which needs debootstrap
# (and Maven for Kafka's). On Debian: apt-get install docker.io docker-compose debootstrap
set -euo pipefail
cd "$(dirname "$0")/../.."

export FIXENGINE_IMAGE=${FIXENGINE_IMAGE:-fixengine:test}
export PYTHON_IMAGE=${PYTHON_IMAGE:-python:3.11-slim-bookworm}
export DOCKER_BUILDKIT=1
work=$(mktemp -d)
engine=
trap 'if [ -n "$engine" ]; then kill "$engine"; wait "$engine" || true; fi; rm -rf "$work"' EXIT

main() {
    # From 23 on a client builds by its plugin; before, by itself, and Debian's may be behind a newer.
    docker buildx version >/dev/null 2>&1 || export PATH="/usr/bin:$PATH"
    docker version >/dev/null 2>&1 || start_engine
    have "$PYTHON_IMAGE" || make_python_image
    have postgres:18 || tests/stand_ins/build.sh postgres
    have apache/kafka:4.0.0 || tests/stand_ins/build.sh kafka
    build
    .venv/bin/python -m pytest tests/image "$@"
}

# Where the kernel lets no overlay be mounted, or no packet filter be set, Docker can do without.
start_engine() {
    local flags
    for flags in "" "--storage-driver=vfs" "--storage-driver=vfs --iptables=false --bridge=none"; do
        # shellcheck disable=SC2086 # several flags
        dockerd $flags >"$work/dockerd.log" 2>&1 &
        engine=$!
        for _ in $(seq 60); do
            if docker version >/dev/null 2>&1; then
                return
            fi
            kill -0 "$engine" 2>/dev/null || break
            sleep 0.5
        done
        kill "$engine" 2>/dev/null || true
        wait "$engine" || true
        engine=
    done
    tail -n 5 "$work/dockerd.log" >&2
    return 1
}

have() {
    docker image inspect "$1" >/dev/null 2>&1 || docker pull --quiet "$1" 2>/dev/null
}

make_python_image() {
    echo "$PYTHON_IMAGE can't be pulled: Debian's Python takes its place"
    debootstrap --variant=minbase --include=python3,python3-venv bookworm "$work/root" \
        >"$work/debootstrap.log" || { tail -n 5 "$work/debootstrap.log" >&2; return 1; }
    rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
    tar --directory "$work/root" --create . | docker import - "$PYTHON_IMAGE" >/dev/null
}

# The build reaches the package index as this machine's pip does, and keeps nothing of that.
build() {
    local authorities=${PIP_CERT:-${REQUESTS_CA_BUNDLE:-${SSL_CERT_FILE:-}}}
    local secrets=(--secret "id=pip,src=$work/pip.conf")
    {
        echo "[global]"
        .venv/bin/python -m pip config list | sed -nE \
            "s/^[^.]+\.(index-url|extra-index-url|trusted-host|proxy)='(.*)'$/\1 = \2/p"
        if [ -n "$authorities" ]; then
            echo "cert = /run/secrets/ca"
        fi
    } >"$work/pip.conf"
    if [ -n "$authorities" ]; then
        secrets+=(--secret "id=ca,src=$authorities")
    fi
    docker build --network host --progress plain "${secrets[@]}" \
        --build-arg HTTP_PROXY --build-arg HTTPS_PROXY --build-arg NO_PROXY \
        --build-arg "PYTHON_IMAGE=$PYTHON_IMAGE" \
        --build-arg "VERSION=$(.venv/bin/python -c 'import fixengine; print(fixengine.__version__)')" \
        --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
        --tag "$FIXENGINE_IMAGE" . >"$work/build.log" 2>&1 \
        || { tail -n 30 "$work/build.log" >&2; return 1; }
}

main "$@"
