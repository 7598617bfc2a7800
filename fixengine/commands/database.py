"""The database that the settings name, for a command that works on it by itself."""

from fixengine.config import Settings
from fixengine.errors import UnavailableError
from fixengine.infra.postgres.driver.connections import Connection, open_session

_PARTS = "POSTGRES_HOST, POSTGRES_PORT, POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DBNAME"


def open_database(settings: Settings, *, pod: str) -> Connection:
    """Open a session, which the caller closes.

    Raises UnavailableError, which names the settings where they may be wrong.
    """
    try:
        return open_session(settings.postgres_dsn, application_name=pod)
    except UnavailableError as error:
        if type(error) is not UnavailableError:  # the others say themselves what is to be done
            raise
        named = _PARTS if settings.dsn is None else "POSTGRES_DSN"
        raise UnavailableError(f"{error}: look at {named}") from error
