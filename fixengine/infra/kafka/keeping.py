"""What topics are set to keep, as far as this user may know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # some come from within
    AdminClient,
    ConfigResource,
    ResourceType,
)
from loguru import logger

from fixengine.infra.kafka.cluster import BROKER_ANSWERS_WITHIN, Cluster

_LONGEST = 100 * 365 * 86_400_000  # milliseconds, in place of for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """`at_least`: how long the broker keeps each record, None where that is not known."""

    compacted: bool = False
    at_least: timedelta | None = None


def keeping(cluster: Cluster, topics: Sequence[str]) -> Mapping[str, Keeping]:
    """Ask how topics are set; of one whose settings this user may not see nothing is known."""
    admin = AdminClient(cluster.connection())
    asked = admin.describe_configs(
        [ConfigResource(ResourceType.TOPIC, topic) for topic in dict.fromkeys(topics)],
        request_timeout=BROKER_ANSWERS_WITHIN,
    )
    found: dict[str, Keeping] = {}
    for resource, answer in asked.items():
        try:
            seen = {
                name: entry.value for name, entry in answer.result(BROKER_ANSWERS_WITHIN).items()
            }
        except (KafkaException, TimeoutError) as error:
            logger.bind(error=str(error)).debug("how a topic is set can't be seen")
            seen = {}
        found[resource.name] = _keeping(seen)
    return found


def _keeping(settings: Mapping[str, str | None]) -> Keeping:
    return Keeping(
        compacted="compact" in (settings.get("cleanup.policy") or ""),
        at_least=_at_least(settings),
    )


def _at_least(settings: Mapping[str, str | None]) -> timedelta | None:
    kept_for = settings.get("retention.ms")
    if kept_for is None or settings.get("retention.bytes") != "-1":
        return None
    milliseconds = int(kept_for)
    return timedelta(milliseconds=milliseconds if 0 <= milliseconds < _LONGEST else _LONGEST)
