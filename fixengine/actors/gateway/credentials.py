"""Whether a Logon shows what was agreed on: user, password, certificate."""

from hmac import compare_digest

from fixengine.config.fix_sessions import Agreement
from fixengine.config.passwords import verify
from fixengine.fix import tags
from fixengine.fix.message import Message


def shows_credentials(
    agreement: Agreement, logon: Message, certificate_names: frozenset[str]
) -> bool:
    """Say whether all that is asked for is right; a password takes some 50 ms of CPU."""
    if agreement.certificates and not agreement.certificates & certificate_names:
        return False
    if agreement.password is None:
        return True
    right_user = agreement.username is None or compare_digest(
        logon.get(tags.USERNAME) or b"", agreement.username
    )
    return verify(agreement.password, logon.get(tags.PASSWORD) or b"") and right_user
