"""What clients may do on Apache Kafka, taken away and given back; here all are User:ANONYMOUS."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # these come from within
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

Resource = tuple[ResourceType, str]

CLUSTER: Resource = (ResourceType.BROKER, "kafka-cluster")

_ANSWER_SECONDS = 20.0
_LITERAL = ResourcePatternType.LITERAL
_EVERYBODY = ("User:ANONYMOUS", "*")


def topic(name: str) -> Resource:
    return ResourceType.TOPIC, name


@contextmanager
def denied(bootstrap: str, operation: AclOperation, *resources: Resource) -> Iterator[None]:
    """Let nobody do this with these, but all else, until the end."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    rules = ((AclOperation.ALL, AclPermissionType.ALLOW), (operation, AclPermissionType.DENY))
    made = admin.create_acls(
        [
            AclBinding(*resource, _LITERAL, *_EVERYBODY, each, permission)
            for resource in resources
            for each, permission in rules
        ]
    )
    for future in made.values():
        future.result(_ANSWER_SECONDS)
    try:
        yield
    finally:
        filters = [
            AclBindingFilter(
                *resource, _LITERAL, *_EVERYBODY, AclOperation.ANY, AclPermissionType.ANY
            )
            for resource in resources
        ]
        for deleted in admin.delete_acls(filters).values():
            deleted.result(_ANSWER_SECONDS)
