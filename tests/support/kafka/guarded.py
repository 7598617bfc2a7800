"""An Apache Kafka with doors of every kind: rights, passwords, certificates, a wrong address."""

import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # some come from within
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)

from fixengine.demo.servers.apache import ApacheKafka, Listener
from fixengine.demo.workspace import Workspace, program

USER, PASSWORD = "eve", "secret"
_ANSWER_SECONDS = 20.0
_JAAS = "org.apache.kafka.common.security.plain.PlainLoginModule required"


class GuardedKafka:
    """Who comes by the plain address may do everything, `USER` what is allowed to her."""

    def __init__(self, workspace: Workspace) -> None:
        def address() -> str:
            return f"127.0.0.1:{workspace.reserve_port()}"

        self.by_password, self.by_certificate = address(), address()
        self.misled, self.nowhere = address(), address()
        self.by_ipv6 = address().replace("127.0.0.1", "[::1]") if _has_ipv6() else address()
        self.authority, store = _certificate(workspace.subfolder("tls"))
        by_name = self.by_certificate.replace("127.0.0.1", "localhost")
        self.broker = ApacheKafka(
            workspace=workspace,
            name="guarded-kafka",
            listeners={
                "PASSWORD": Listener(
                    address=self.by_password,
                    advertised=self.by_password,
                    protocol="SASL_PLAINTEXT",
                ),
                "CERTIFICATE": Listener(
                    address=self.by_certificate, advertised=by_name, protocol="SSL"
                ),
                "IPV6": Listener(address=self.by_ipv6, advertised=self.by_ipv6),
                "MISLED": Listener(address=self.misled, advertised=self.nowhere),
            },
            properties={
                "sasl.enabled.mechanisms": "PLAIN",
                "listener.name.password.plain.sasl.jaas.config": (
                    f'{_JAAS} user_{USER}="{PASSWORD}";'
                ),
                "listener.name.certificate.ssl.keystore.location": str(store),
                "listener.name.certificate.ssl.keystore.password": PASSWORD,
                "allow.everyone.if.no.acl.found": "false",
                "super.users": "User:ANONYMOUS",
                "group.max.size": "3",
            },
        )
        self.trusted = by_name
        # one for all: a client that nobody holds answers nothing
        self.admin = AdminClient({"bootstrap.servers": self.plain, "log_level": 0})

    @property
    def plain(self) -> str:
        return self.broker.bootstrap

    def start(self) -> None:
        self.broker.start()

    def as_user(self, **settings: str | int) -> Mapping[str, str | int]:
        """Return what USER gives as KAFKA_CLIENT_CONFIG."""
        return {
            **self.broker.client_config,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": USER,
            "sasl.password": PASSWORD,
            **{name.replace("_", "."): value for name, value in settings.items()},
        }

    def allow(self, kind: ResourceType, name: str, *operations: AclOperation) -> None:
        """Let USER do these."""
        made = self.admin.create_acls([_right(kind, name, each) for each in operations])
        for future in made.values():
            future.result(_ANSWER_SECONDS)

    def forbid(self, kind: ResourceType, name: str, *operations: AclOperation) -> None:
        """Take back what was allowed."""
        rights = (_right(kind, name, each) for each in operations)
        filters = [
            AclBindingFilter(
                right.restype,
                right.name,
                right.resource_pattern_type,
                right.principal,
                right.host,
                right.operation,
                right.permission_type,
            )
            for right in rights
        ]
        for future in self.admin.delete_acls(filters).values():
            future.result(_ANSWER_SECONDS)

    def configure(self, topic: str, name: str, value: str) -> None:
        """Change a topic's setting."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        for future in self.admin.incremental_alter_configs([resource]).values():
            future.result(_ANSWER_SECONDS)


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def _right(kind: ResourceType, name: str, operation: AclOperation) -> AclBinding:
    return AclBinding(
        kind,
        name,
        ResourcePatternType.LITERAL,
        f"User:{USER}",
        "*",
        operation,
        AclPermissionType.ALLOW,
    )


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a key whose certificate, made out to localhost, is its own authority; return both."""
    authority, store = folder / "authority.pem", folder / "store.p12"
    keytool = program("keytool", what="a broker with TLS")
    at_store = ("-alias", "broker", "-keystore", str(store), "-storepass", PASSWORD)
    for arguments in (
        ("-genkeypair", "-keyalg", "RSA", "-dname", "CN=localhost", "-ext", "SAN=dns:localhost"),
        ("-exportcert", "-rfc", "-file", str(authority)),
    ):
        subprocess.run((keytool, *arguments, *at_store), check=True, capture_output=True)
    return authority, store
