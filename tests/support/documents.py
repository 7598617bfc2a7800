"""The documents, and the commands in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    sorted(
        path
        for folder in (ROOT, ROOT / "docs", ROOT / "k8s")
        for path in folder.glob("*.md")
        if path.name != "THIRD_PARTY_LICENSES.md"
    )
)

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s+#( .*)?$")
_IN_A_POD = re.compile(r"kubectl --namespace globeco exec (globeco-[\w-]+) -- (.*)")


def page(name: str) -> str:
    """Return the text of `docs/NAME.md`."""
    return (ROOT / "docs" / f"{name}.md").read_text("utf-8")


def blocks(text: str, language: str) -> tuple[str, ...]:
    """Return the code blocks of that language, without their indentation."""
    return tuple(
        "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        for indent, found, body in _BLOCK.findall(text)
        if found == language
    )


def commands(text: str) -> tuple[str, ...]:
    """Return the lines of all shell blocks, continued ones joined, without comments."""
    lines = "".join(blocks(text, "sh")).replace("\\\n", "").splitlines()
    return tuple(filter(None, (_COMMENT.sub("", line).strip() for line in lines)))


def in_pod(name: str, pod: str) -> tuple[str, ...]:
    """Return what the commands of `docs/NAME.md` run in that pod, without a terminal."""
    found = map(_IN_A_POD.fullmatch, commands(page(name)))
    return tuple(match[2] for match in found if match and match[1] == pod)
