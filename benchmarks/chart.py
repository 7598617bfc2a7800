"""The ratios as bars, each with a line where its target is, in an SVG of its own."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.scenarios import Result

_WIDTH, _ROW, _LEFT, _SCALE = 760, 44, 16, 480


def chart(results: Sequence[Result]) -> str:
    """Return the picture."""
    height = _ROW * len(results) + 16
    most = max((max(result.ratio, result.scenario.target) for result in results), default=1)
    rows = "".join(_row(result, 8 + _ROW * place, most) for place, result in enumerate(results))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="sans-serif" font-size="12">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>{rows}</svg>\n'
    )


def _row(result: Result, top: int, most: float) -> str:
    """Draw one; at the ratio `most` a bar is as long as there is room."""
    good = result.ratio >= result.scenario.target
    length = _SCALE * result.ratio / most
    target = _LEFT + _SCALE * result.scenario.target / most
    said = f"{result.ratio:.2f} ({result.measured:,.0f} ÷ {result.by:,.0f} a second)"
    return (
        f'<text x="{_LEFT}" y="{top + 12}" fill="#333">{escape(result.scenario.meaning)}</text>'
        f'<rect x="{_LEFT}" y="{top + 18}" width="{length:.0f}" height="16" '
        f'fill="{"#2c7a4b" if good else "#b3541e"}"/>'
        f'<line x1="{target:.0f}" x2="{target:.0f}" y1="{top + 15}" y2="{top + 37}" '
        f'stroke="#333" stroke-width="2"/>'
        f'<text x="{_LEFT + _SCALE + 12}" y="{top + 30}" fill="#333">{said}</text>'
    )
