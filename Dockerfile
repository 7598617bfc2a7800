# Python as Debian builds it, without a compiler. Any image with Python 3.11 or newer, its venv
# module and useradd will do; what follows has no step that depends on the architecture.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
# Everything comes from PyPI by hash, as wheels, so nothing is compiled. Behind a proxy or a mirror:
#   docker build --secret id=pip,src=pip.conf --secret id=ca,src=ca.pem .
# where pip.conf may say `cert = /run/secrets/ca`. Neither ends up in a layer.
COPY requirements-build.lock ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca \
    python3 -m venv /tools \
    && /tools/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes \
        --requirement requirements-build.lock
COPY requirements.lock ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca \
    /tools/bin/python -m pip download --no-cache-dir --no-deps --only-binary :all: --require-hashes \
        --dest /wheels --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schema schema
COPY fixengine fixengine
RUN /tools/bin/python -m pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheels .

# This adds 46 MB to the base: librdkafka and libpq, each with TLS of its own, are half of it, the
# rest is Python and its bytecode. What installs stays in the stage above.
FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin fixengine
# The tools and the wheels are there for this one step. The bytecode is made now and never checked:
# at run time the file system may be read-only, and a start compiles nothing.
RUN --mount=type=bind,from=build,source=/tools,target=/tools \
    --mount=type=bind,from=build,source=/wheels,target=/wheels \
    python3 -m venv --without-pip /opt/fixengine \
    && /tools/bin/python -m pip --python /opt/fixengine install --no-cache-dir --no-compile \
        --no-index --no-deps /wheels/*.whl \
    && /opt/fixengine/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/fixengine \
    && mkdir -p /usr/share/doc/fixengine \
    && /tools/bin/cyclonedx-py environment --output-reproducible --output-format JSON \
        --output-file /usr/share/doc/fixengine/sbom.cdx.json /opt/fixengine/bin/python
COPY LICENSE THIRD_PARTY_LICENSES.md /usr/share/doc/fixengine/

# Threads take turns with the interpreter: an arena for each would only hold memory, and what large
# batches have taken goes back to the system.
ENV PATH=/opt/fixengine/bin:${PATH} \
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8085 8086 9878
STOPSIGNAL SIGTERM
# No HEALTHCHECK: of the commands only `serve` and `gateway` have probes, Kubernetes has its own, and
# compose.yaml asks /readyz with the Python that is there.
ENTRYPOINT ["fixengine"]
CMD ["serve"]

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="fixengine" \
      org.opencontainers.image.description="The execution engine of a trading suite" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
