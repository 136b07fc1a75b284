"""As much of Terraform's HCL as a policy needs, read strictly: what is not understood is an error.

`read_hcl` returns the blocks of a file: each a `Block` with its type, labels, attributes and inner blocks.
Values are texts, lists of texts, and references such as ``data.x.y.json`` as `Reference`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"[ \t]+|#[^\n]*|(?P<newline>\n)|(?P<text>\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_.-]*)|(?P<mark>[{}\[\]=,])"
)


class Reference(str):
    """An expression that names another value."""


@dataclass
class Block:
    """``type "label" … { … }``."""

    type: str
    labels: list[str]
    attributes: dict[str, object] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)


def read_hcl(text: str) -> list[Block]:
    """Return the blocks of a file."""
    tokens = _Tokens(text)
    blocks = []
    while not tokens.is_at_end():
        blocks.append(_block(tokens, tokens.take("word")))
    return blocks


class _Tokens:
    def __init__(self, text: str) -> None:
        self._found = list(_split(text))
        self._place = 0

    def peek(self) -> tuple[str, str]:
        return self._found[self._place]

    def skip_newlines(self) -> None:
        while not self._ended() and self.peek()[0] == "newline":
            self._place += 1

    def is_at_end(self) -> bool:
        self.skip_newlines()
        return self._ended()

    def _ended(self) -> bool:
        return self._place == len(self._found)

    def take(self, kind: str, what: str | None = None) -> str:
        found = self.peek()
        assert found[0] == kind, found
        assert what in (None, found[1]), found
        self._place += 1
        return found[1]

    def has(self, kind: str, what: str | None = None) -> bool:
        found = self.peek()
        return found[0] == kind and what in (None, found[1])


def _split(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        assert match is not None, text[place : place + 40]
        if match.lastgroup:
            yield match.lastgroup, match.group()
        place = match.end()


def _block(tokens: _Tokens, kind: str) -> Block:
    labels = []
    while tokens.has("text"):
        labels.append(json.loads(tokens.take("text")))
    block = Block(kind, labels)
    tokens.take("mark", "{")
    tokens.take("newline")
    tokens.skip_newlines()
    while not tokens.has("mark", "}"):
        name = tokens.take("word")
        if tokens.has("mark", "="):
            tokens.take("mark", "=")
            assert name not in block.attributes, name
            block.attributes[name] = _value(tokens)
            tokens.take("newline")
        else:
            block.blocks.append(_block(tokens, name))
        tokens.skip_newlines()
    tokens.take("mark", "}")
    tokens.take("newline")
    return block


def _value(tokens: _Tokens) -> object:
    if tokens.has("text"):
        return json.loads(tokens.take("text"))
    if tokens.has("word"):
        return Reference(tokens.take("word"))
    values = []
    tokens.take("mark", "[")
    tokens.skip_newlines()
    while not tokens.has("mark", "]"):
        values.append(_value(tokens))
        tokens.skip_newlines()
        if not tokens.has("mark", "]"):
            tokens.take("mark", ",")
            tokens.skip_newlines()
    tokens.take("mark", "]")
    return values
