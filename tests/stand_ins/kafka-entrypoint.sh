#!/usr/bin/env bash
# Starts Apache Kafka with what CLUSTER_ID and KAFKA_* say, as the official image: see build.sh.
set -euo pipefail

export CLUSTER_ID=${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}
config=/opt/kafka/config
if [ -z "${KAFKA_LISTENERS:-}" ] && [ -n "${KAFKA_ADVERTISED_LISTENERS:-}" ]; then
    # shellcheck disable=SC2001  # a pattern that the shell has not
    KAFKA_LISTENERS=$(sed -e 's|://[^:]*:|://0.0.0.0:|g' <<<"$KAFKA_ADVERTISED_LISTENERS")
    export KAFKA_LISTENERS
fi
rm -f "$config/server.properties"
# it writes the settings first, then formats the data: those of a container that starts again are
if ! said=$(java -cp '/opt/kafka/libs/*' kafka.docker.KafkaDockerWrapper setup \
    --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config \
    --final-configs-dir "$config" 2>&1); then
    grep -qi "already formatted" <<<"$said" || { echo "$said"; exit 1; }
fi
# shellcheck disable=SC2086  # the variables hold several arguments
exec java ${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G} ${KAFKA_JVM_PERFORMANCE_OPTS:-} ${KAFKA_OPTS:-} \
    -Dkafka.logs.dir=/opt/kafka/logs -Dlog4j2.configurationFile="$config/log4j2.yaml" \
    -cp '/opt/kafka/libs/*' kafka.Kafka "$config/server.properties"
