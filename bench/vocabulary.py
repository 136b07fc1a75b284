"""Write the words that redaction lets stand in free text: ``python -m bench.vocabulary``.

They are the words that AWS uses of itself: those that the descriptions of several services have in common, in
the models that the SDK comes with, and those of AWS's documented messages (`bench.messages`) and of our own
sentences. A word that one service alone uses may be somebody's name for something, and is left out.
"""

import ast
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore

from bench import messages

TARGET = Path(__file__).parent.parent / "forensics" / "redact" / "vocabulary.txt"
FEWEST_SERVICES = 4
FEWEST_SERVICES_OF_COMPOUNDS = 6
LONGEST = 24
PEOPLE = frozenset(Path(__file__).with_name("people.txt").read_text(encoding="ascii").split())
"""People and companies of AWS's examples."""
_MARKUP = re.compile(r"<[^>]*>|https?://\S+|arn:\S+")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9'’./_+-]*[A-Za-z0-9]|[A-Za-z]")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLAIN = re.compile(r"[a-z]+")
_COMPOUND = re.compile(r"[a-z]+(?:[-'/][a-z]+)+|[a-z]{1,6}\d{1,3}|[a-z]{1,4}\d{1,2}-[a-z]{1,6}")
_OURS = Path(__file__).parent.parent / "forensics"


def main() -> int:
    """Write the file; print how many words it has."""
    plain: Counter[str] = Counter()
    compound: Counter[str] = Counter()
    for text in _services():
        words = set(words_of(text))
        plain.update(word for word in words if _PLAIN.fullmatch(word))
        compound.update(word for word in words if _COMPOUND.fullmatch(word))
    kept = {word for word, count in plain.items() if count >= FEWEST_SERVICES}
    kept |= {word for word, count in compound.items() if count >= FEWEST_SERVICES_OF_COMPOUNDS}
    for text in _ours():
        kept |= {word for word in words_of(text) if _PLAIN.fullmatch(word) or _COMPOUND.fullmatch(word)}
    kept = {word for word in kept if len(word) <= LONGEST} - PEOPLE
    TARGET.write_text("\n".join(sorted(kept)) + "\n", encoding="ascii")
    print(f"{len(kept)} words")
    return 0


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text in small letters; of names in camel case, their parts."""
    for token in _TOKEN.findall(_MARKUP.sub(" ", text)):
        if re.search(r"[a-z][A-Z]|[A-Z]{2}[a-z]", token) or "_" in token:
            yield from (part.lower() for part in _CAMEL.findall(token))
        else:
            yield token.replace("’", "'").lower()


def _services() -> Iterator[str]:
    """Yield all that one service's model says, service after service."""
    for path in sorted((Path(botocore.__file__).parent / "data").glob("*/*/service-2.json.gz")):
        model = json.loads(gzip.decompress(path.read_bytes()))
        yield " ".join(_strings(model))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)


def _ours() -> Iterator[str]:
    """Yield AWS's documented messages, and the sentences in our own code."""
    for line in messages.FILE.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if said["origin"] == "documented":
            yield said["text"]
    for path in sorted((_OURS / "analysis").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


if __name__ == "__main__":
    sys.exit(main())
