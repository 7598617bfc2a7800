"""Writes the tables of FIX anew, from FIX Orchestra: `python -m tests.fix_dictionary`.

Maven fetches the repository of FIX Trading Community, whose licence is Apache-2.0.
"""

import subprocess
import textwrap
import zipfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

from fixengine.demo.workspace import program

FOLDER = Path(__file__).parents[1] / "fixengine" / "fix" / "tables"
VERSIONS = ("44", "42")
_SOURCE = "io.fixprotocol.orchestrations:fix-standard:1.5.4"
JAR = Path.home().joinpath(
    ".m2/repository/io/fixprotocol/orchestrations/fix-standard/1.5.4/fix-standard-1.5.4.jar"
)
_GET = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get"
_FETCH_SECONDS = 300
_SPOKEN = (*"012345ADFGH89j", "AF")
_NAMES = {"f": "http://fixprotocol.io/2020/orchestra/repository"}
_PRIVATE = {"22": ["100+=Private"]}  # what two parties agree on, which Orchestra leaves out
_OF_LOGON = {"553": "Username String", "554": "Password String"}  # taken in 4.2, too, as usual
_MODULE = '''\
"""FIX {version}: made by `python -m tests.fix_dictionary`, never by hand.

The facts are those of FIX Orchestra (FIX Trading Community, Apache-2.0), of the artifact
{source}; `fixengine.fix.dictionary` says how to read the
lines.
"""

TABLE = """
{lines}
"""
'''


def main() -> None:
    """Fetch the source, and write a module for each version."""
    for name, text in modules().items():
        (FOLDER / name).write_text(text, "utf-8")


def modules() -> dict[str, str]:
    """Return the text of each module; raise CalledProcessError when Maven can't fetch."""
    if not JAR.exists():
        command = [program("mvn", what="FIX Orchestra"), "-B", "-q", _GET, "-Dtransitive=false"]
        command += [f"-Dartifact={_SOURCE}", f"-Dmaven.repo.local={JAR.parents[5]}"]
        subprocess.run(command, check=True, capture_output=True, timeout=_FETCH_SECONDS)
    with zipfile.ZipFile(JAR) as files:
        sources = {each: files.read(f"FixRepository{each}.xml") for each in VERSIONS}
    return {f"fix{each}.py": _module(fromstring(source)) for each, source in sources.items()}


def _module(repository: Element) -> str:
    lines = (
        textwrap.fill(line, 98, subsequent_indent="  ", break_on_hyphens=False)
        for line in _Repository(repository).lines()
    )
    version = repository.attrib["version"].removeprefix("FIX.")
    return _MODULE.format(version=version, source=_SOURCE, lines="\n".join(lines))


class _Repository:
    """One version of the standard, as Orchestra's XML has it."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._fields = {each.attrib["id"]: each for each in self._all("fields/f:field")}
        self._codes = {each.attrib["name"]: each for each in self._all("codeSets/f:codeSet")}
        self._components = {each.attrib["id"]: each for each in self._all("components/f:component")}
        self._groups = {each.attrib["id"]: each for each in self._all("groups/f:group")}
        self._used: set[str] = set()

    def lines(self) -> Iterator[str]:
        """Yield the table: what there is, the fields that are spoken, and where they stand."""
        messages = {each.attrib["msgType"]: each for each in self._all("messages/f:message")}
        parts = {
            each.attrib["name"].removeprefix("Standard").lower(): " ".join(self._members(each))
            for each in self._components.values()
            if each.attrib["name"].startswith("Standard")
        }
        bodies = {
            kind: " ".join(self._members(messages[kind][0])) for kind in _SPOKEN if kind in messages
        }
        more = {tag: text for tag, text in _OF_LOGON.items() if tag not in self._fields}
        bodies["A"] = " ".join((bodies["A"], *more))
        fields = {tag: self._field(self._fields[tag]) for tag in self._used} | more
        yield f"version {self._root.attrib['version']}"
        yield "types " + " ".join(f"{kind}={m.attrib['name']}" for kind, m in messages.items())
        yield "tags " + " ".join(_ranges(sorted(map(int, (*self._fields, *more)))))
        yield "data " + " ".join(
            f"{field.attrib['lengthId']}={tag}"
            for tag, field in self._fields.items()
            if "lengthId" in field.attrib
        )
        for tag in sorted(fields, key=int):
            yield f"field {tag} {fields[tag]}"
        for name, members in parts.items():
            yield f"{name} {members}"
        for kind, members in bodies.items():
            yield f"message {kind} {members}"

    def _members(self, structure: Element) -> Iterator[str]:
        for each in structure:
            kind, required = each.tag.rpartition("}")[2], each.get("presence") == "required"
            mark = "!" if required else ""
            if kind == "fieldRef":
                self._used.add(each.attrib["id"])
                yield each.attrib["id"] + mark
            elif kind == "groupRef":
                group = self._groups[each.attrib["id"]]
                count = next(part.attrib["id"] for part in group if part.tag.endswith("numInGroup"))
                self._used.add(count)
                yield f"{count}{mark}({' '.join(self._members(group))})"
            elif kind == "componentRef":
                component = self._components[each.attrib["id"]]
                if not component.attrib["name"].startswith("Standard"):
                    members = self._members(component)
                    yield from members if required else (each.replace("!", "") for each in members)

    def _field(self, field: Element) -> str:
        tag, name, kind = (field.attrib[part] for part in ("id", "name", "type"))
        codes = self._codes.get(kind)
        if codes is None:
            return f"{name} {kind}"
        if tag == "35":  # `types` has them
            return f"{name} {codes.attrib['type']}"
        values = [
            f"{code.attrib['value']}={code.attrib['name']}"
            for code in codes.findall("f:code", _NAMES)
        ]
        return " ".join((name, codes.attrib["type"], *values, *_PRIVATE.get(tag, ())))

    def _all(self, path: str) -> list[Element]:
        return self._root.findall(f"f:{path}", _NAMES)


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        tags = [number for _, number in run]
        yield f"{tags[0]}-{tags[-1]}" if len(tags) > 1 else f"{tags[0]}"


if __name__ == "__main__":
    main()
