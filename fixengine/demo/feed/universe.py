"""The securities of the demo: real tickers with a mean price, and some that have no price."""

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A security: its prices scatter around `price` by `price_std`, and None has no prices."""

    security_id: str
    ticker: str
    name: str
    price: float | None
    price_std: float = 0.0


UNPRICEABLE = tuple(
    Listing(security_id=f"{number:024x}", ticker=ticker, name=f"{ticker} Inc.", price=None)
    for number, ticker in enumerate(("NOPRC", "NO.PRC", "PRICELESS"), start=0xDEAD)
)


def priced_listings() -> tuple[Listing, ...]:
    """Return the securities that have a price, by ticker."""
    text = files(__package__).joinpath("universe.csv").read_text(encoding="utf-8")
    return tuple(
        Listing(
            security_id=row["security_id"],
            ticker=row["ticker"],
            name=row["name"],
            price=float(row["price"]),
            price_std=float(row["price_std"]),
        )
        for row in csv.DictReader(text.splitlines())
    )


def all_listings() -> tuple[Listing, ...]:
    """Return the securities that have a price, and then the others."""
    return (*priced_listings(), *UNPRICEABLE)
