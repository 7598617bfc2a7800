#!/bin/sh
# The bare loops as one program: a peer for `make bench ARGS="--peer benchmarks/bare_engine.sh"`.
exec "$(dirname "$0")/../.venv/bin/python" -m benchmarks.floors engine
