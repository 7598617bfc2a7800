"""Passwords are kept as hashes that are hard to guess from."""

import pytest

from fixengine.config.passwords import hash_password, password_hash, verify

HASH = "scrypt:16384:8:1:AAECAwQFBgcICQoLDA0ODw==:yC_CFq4O6DKFo-9M9N1ddU_n0L0AvPnMZL4zzhmbTA0="
OTHER = "scrypt:32768:8:2:AAECAwQFBgcICQoLDA0ODw==:Y9XsNLU1TahIranNskWN_P1_9uh9Qm-RHfdfxJ7_izM="
"""Both are the standard library's, for the same password and salt."""


def test_a_password_has_its_hash_and_no_other_has() -> None:
    assert verify(HASH, b"hunter2")
    assert not verify(HASH, b"hunter3")
    assert not verify(HASH, b"")


def test_a_new_hash_says_how_it_was_made_and_is_strong_enough() -> None:
    made = hash_password(b"hunter2")
    assert made.startswith("scrypt:16384:8:1:")
    assert password_hash(made) == made
    assert verify(made, b"hunter2")
    assert not verify(made, b"hunter3")


def test_a_hash_made_with_other_parameters_is_understood() -> None:
    assert verify(OTHER, b"hunter2")
    assert not verify(OTHER, b"hunter3")


def test_the_same_password_has_another_hash_each_time() -> None:
    assert hash_password(b"hunter2") != hash_password(b"hunter2")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a password", "hunter2"),
        ("another function", HASH.replace("scrypt", "bcrypt")),
        ("a part is missing", HASH.rpartition(":")[0]),
        ("no Base64", HASH.replace("==", "=")),
        ("N is weak", HASH.replace("16384", "8192")),
        ("r is weak", HASH.replace(":8:", ":4:")),
        ("p is 0", HASH.replace(":8:1:", ":8:0:")),
        ("N is no power of 2", HASH.replace("16384", "16385")),
        ("N takes too much memory", HASH.replace("16384", "131072")),
        ("p takes too long", HASH.replace(":8:1:", ":8:17:")),
        ("the salt is short", HASH.replace("AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0O")),
        ("the hash is short", f"{HASH.rpartition(':')[0]}:AAAA"),
    ],
)
def test_what_is_no_good_hash_is_refused_with_the_remedy_and_not_quoted(
    what: str, text: str
) -> None:
    with pytest.raises(
        ValueError, match="write what `fixengine fix hash-password` prints"
    ) as error:
        password_hash(text)
    assert text not in str(error.value)
