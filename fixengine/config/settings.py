"""The engine's settings: one table of variables, their types, defaults and meaning."""

from collections.abc import Mapping
from dataclasses import dataclass

from fixengine.config import addresses, client_config, conninfo, parsing
from fixengine.config.telemetry import Telemetry
from fixengine.config.variables import optional, variable
from fixengine.rules.fills import FillRules
from fixengine.rules.shards import Shard

_SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_port = parsing.whole(1, 65535)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Telemetry):
    """Everything that can be set, checked; durations are in seconds, from 0 to below a day.

    `dsn` is as given; `postgres_dsn` is what to connect with either way.
    """

    http_port: int = variable("HTTP_PORT", "8085", _port, "port of REST")
    http_prefix: str | None = optional(
        "HTTP_PREFIX",
        addresses.prefix,
        "a prefix of REST's paths, such as /fix-engine, for a gateway that does not remove it",
    )
    operator_token: str | None = optional(
        "OPERATOR_TOKEN",
        parsing.token,
        "who sends it may cancel and replace by REST; unset: nobody may",
        secret=True,
    )
    health_port: int = variable("HEALTH_PORT", "8086", _port, "port of the probes")
    log_level: str = variable(
        "LOG_LEVEL", "info", parsing.log_level, "the lowest level that is logged"
    )
    log_format: str = variable(
        "LOG_FORMAT", "json", parsing.one_of("json", "text"), "json for machines, text for people"
    )
    kafka_brokers: str = variable(
        "KAFKA_BROKERS",
        "globeco-execution-service-kafka:9092",
        addresses.several,
        "host:port of one or more brokers, with commas between",
    )
    kafka_orders_topic: str = variable(
        "KAFKA_ORDERS_TOPIC", "orders", parsing.topic, "where orders come from"
    )
    kafka_fills_topic: str = variable(
        "KAFKA_FILLS_TOPIC", "fills", parsing.topic, "where fills go; created when absent"
    )
    kafka_dlq_topic: str = variable(
        "KAFKA_DLQ_TOPIC", "orders.dlq", parsing.topic, "where bad orders go; created when absent"
    )
    kafka_consumer_group: str = variable(
        "KAFKA_CONSUMER_GROUP", "fix_engine", parsing.anything, "the engines' consumer group"
    )
    order_shard: Shard = variable(  # noqa: RUF009  # which returns a field, as for the others
        "ORDER_SHARD",
        "1/1",
        Shard.parse,
        "which database of how many this is, as 1/2: it has the orders whose id fits",
    )
    kafka_replication_factor: int = variable(
        "KAFKA_REPLICATION_FACTOR",
        "1",
        parsing.whole(1, 32767),
        "copies of the topics that the engine creates",
    )
    kafka_client_config: Mapping[str, client_config.Scalar] = variable(
        "KAFKA_CLIENT_CONFIG",
        "{}",
        client_config.parse,
        "further settings of librdkafka as a JSON object, such as TLS and SASL",
        secret=True,
    )
    dsn: str | None = optional(
        "POSTGRES_DSN",
        conninfo.dsn,
        "connection string of the database; or set the parts below",
        secret=True,
    )
    postgres_host: str = variable(
        "POSTGRES_HOST", "globeco-fix-engine-postgresql", addresses.host, "the database's host"
    )
    postgres_port: int = variable("POSTGRES_PORT", "5432", _port, "the database's port")
    postgres_user: str = variable("POSTGRES_USER", "postgres", parsing.name, "the user")
    postgres_password: str | None = optional(
        "POSTGRES_PASSWORD", parsing.anything, "that user's password", secret=True
    )
    postgres_dbname: str = variable(
        "POSTGRES_DBNAME", "postgres", parsing.name, "the database's name"
    )
    postgres_sslmode: str = variable(
        "POSTGRES_SSLMODE", "disable", parsing.one_of(*_SSLMODES), "TLS, as libpq names it"
    )
    security_svc_url: str = variable(
        "SECURITY_SVC_URL",
        "http://globeco-security-service:8000",
        addresses.url,
        "security-service",
    )
    pricing_svc_url: str = variable(
        "PRICING_SVC_URL", "http://globeco-pricing-service:8083", addresses.url, "pricing-service"
    )
    fill_delay_first_seconds: float = variable(
        "FILL_DELAY_FIRST", "1", parsing.duration, "from an order's storage to its first fill"
    )
    fill_delay_min_seconds: float = variable(
        "FILL_DELAY_MIN", "5", parsing.duration, "the shortest time between an order's fills"
    )
    fill_delay_max_seconds: float = variable(
        "FILL_DELAY_MAX", "120", parsing.duration, "the longest time between an order's fills"
    )
    fill_seed: str | None = optional(
        "FILL_SEED", parsing.anything, "any text; the same one repeats the same fills"
    )
    publish_empty_fills: bool = variable(
        "PUBLISH_EMPTY_FILLS", "false", parsing.boolean, "publish evaluations before the first fill"
    )
    fix_announce: bool = variable(
        "FIX_ANNOUNCE", "false", parsing.boolean, "publish fills of orders that came by FIX, too"
    )
    order_intake_sleep_seconds: float = variable(
        "ORDER_INTAKE_SLEEP", "0", parsing.pause, "a pause after each order, to slow an engine down"
    )
    fill_processing_interval_seconds: float | None = optional(
        "FILL_PROCESSING_INTERVAL",
        parsing.duration,
        "the time between two evaluations, to slow an engine down; unset: full speed",
    )
    retention_days: int | None = optional(
        "RETENTION_DAYS",
        parsing.whole(1, 36_500),
        "days that a closed execution is kept after its order came; unset: for ever",
    )
    fix_port: int = variable("FIX_PORT", "9878", _port, "port of the FIX gateway")
    fix_sessions: str | None = optional(
        "FIX_SESSIONS",
        parsing.file,
        "TOML file of the FIX gateway that says who may log on, and what was agreed on with whom",
    )
    fix_tls_certificate: str | None = optional(
        "FIX_TLS_CERTIFICATE",
        parsing.file,
        "file of the FIX gateway's certificate, those that sign it behind it; unset: no TLS",
    )
    fix_tls_key: str | None = optional(
        "FIX_TLS_KEY", parsing.file, "file of that certificate's key"
    )
    fix_tls_client_ca: str | None = optional(
        "FIX_TLS_CLIENT_CA",
        parsing.file,
        "file of the authorities that sign certificates of FIX clients; unset: none is asked for",
    )
    fix_password: str | None = optional(
        "FIX_PASSWORD",
        parsing.anything,
        "what the command `fix send` logs on with; unset: no password",
        secret=True,
    )

    @property
    def orders_group(self) -> str:
        """The consumer group of the engines that share this database."""
        return self.order_shard.group(self.kafka_consumer_group)

    @property
    def fill_rules(self) -> FillRules:
        """What is chosen about fills."""
        return FillRules(
            delay_min=self.fill_delay_min_seconds,
            delay_max=self.fill_delay_max_seconds,
            announce_empty=self.publish_empty_fills,
            announce_fix=self.fix_announce,
        )

    @property
    def postgres_dsn(self) -> str:
        """The connection string, with the password in it."""
        if self.dsn is not None:
            return self.dsn
        parts = {
            "host": self.postgres_host,
            "port": str(self.postgres_port),
            "user": self.postgres_user,
            "password": self.postgres_password,
            "dbname": self.postgres_dbname,
            "sslmode": self.postgres_sslmode,
        }
        return " ".join(f"{key}={_quoted(value)}" for key, value in parts.items() if value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("'", r"\'")
    return f"'{escaped}'"
