"""The diagnosis as Markdown: it fits, names what it left out, and shows hostile text without obeying it."""

import re
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from forensics.errors import UsageError
from forensics.model.inert import inert
from forensics.report.markdown import document
from forensics.report.marked import code, fenced, prose, quoted, table
from tests.unit.report.hostile import texts, unsafe_in
from tests.unit.report.stories import failed, hostile

RENDERER = MarkdownIt("gfm-like")

TRICKS = [
    "<script>alert(1)</script>", "<img src=x onerror=y>", "<!-- x", "<!channel> <@U1> @here @all",
    "![x](http://x/y.png)", "[x](javascript:y)", "https://evil.example/?a", "www.evil.example", "a@b.example",
    "`` ` ``` x", "| a | b |\n|---|---|", "# heading", "1. x", "- x", "> x", "    x", "~~~\nx", "*x* _y_ ~z~",
    "/close", ":tada: #1 !2 GH-3", "&lt;&#64;", "\\", "a\\|b|c", "::error::x",
    "-->", "==", "[[x]] $y$", "x\n\n---\n",
]  # fmt: skip
evil = st.one_of(texts, st.sampled_from(TRICKS), st.text(alphabet="`|\\<>&@#*_[]()!~:/- \nab1.", max_size=40))


def tokens(text: str) -> list[Token]:
    found: list[Token] = []
    for token in RENDERER.parse(text):
        found += [token, *(token.children or [])]
    return found


def links(text: str) -> list[object]:
    return [token.attrs["href"] for token in tokens(text) if token.type == "link_open"]


def bare(text: str) -> str:
    """Return what is shown as plain text: neither code nor ours."""
    return " ".join(token.content for token in tokens(text) if token.type == "text")


def test_the_cause_stands_first_and_nothing_is_cut() -> None:
    text = document(*failed(tasks=53))
    assert text.startswith("## FAILED: `CREATE_STACK shop`")
    assert text.index("### Cause:") < text.index("### Resources")
    assert "53 tasks stopped with the same reason" in text
    assert "invalid character '!' in string escape code`\n" in text
    assert "`CREATE_FAILED` (cancelled)" in text
    assert "could not be watched" in text or "credentials, lost" in text


@settings(max_examples=30)
@given(limit=st.integers(400, 6000))
def test_it_fits_and_names_what_was_left_out(limit: int) -> None:
    whole = document(*failed())
    text = document(*failed(), limit=limit)
    assert len(text.encode()) <= limit
    headings = re.findall(r"^### ([^:\n]+)", whole, re.MULTILINE)
    for heading in headings:
        assert f"### {heading}" in text or heading in text.rpartition("Left out for lack of room:")[2]
    assert (text == whole) == (len(whole.encode()) <= limit)


def test_the_cause_is_the_last_thing_to_go() -> None:
    text = document(*failed(), limit=1700)
    assert "### Cause:" in text
    assert "Resources" in text.rpartition("Left out")[2]


def test_a_limit_that_holds_nothing_is_an_error_that_names_the_need() -> None:
    with pytest.raises(UsageError, match=r"^10 bytes do not hold the heading, which takes \d+$"):
        document(*failed(), limit=10)


@settings(max_examples=30)
@example(reason="x", name=".AL")
@given(reason=evil, name=evil)
def test_hostile_texts_are_shown_and_do_nothing(reason: str, name: str) -> None:
    story = hostile(reason, name)
    text = document(*story)
    kinds = Counter(token.type for token in tokens(text))
    assert unsafe_in(text) == []
    assert not {"html_inline", "html_block", "image", "blockquote_open", "hr", "code_block"} & kinds.keys()
    assert set(links(text)) <= {finding.docs for finding in story[0].findings}
    assert not re.search(r"[@<|`\\]|:[a-z]\w*:|[#!]\d|^\s*/", bare(text))
    assert kinds["heading_open"] == len(re.findall(r"^##+ ", text, re.MULTILINE))


@given(text=evil)
def test_every_character_of_a_text_is_there(text: str) -> None:
    said = inert(" ".join(text.split()))
    spans = [token.content for token in tokens(code(text)) if token.type == "code_inline"]
    assert spans == ([said] if said else [])
    shown = "".join(
        token.content for token in tokens(f"x: {prose(text)}") if token.type in {"text", "code_inline"}
    )
    assert shown == f"x: {said}".rstrip()
    blocks = [token.content for token in tokens(fenced(text)) if token.type == "fence"]
    block = quoted(text)
    assert [token.content for token in tokens(block) if token.type in {"fence", "code_inline"}]
    assert blocks == ["".join(f"{inert(line)}\n" for line in text.split("\n"))]


@given(rows=st.lists(st.tuples(evil, evil), min_size=1, max_size=4))
def test_a_table_has_its_cells_whatever_stands_in_them(rows: list[tuple[str, str]]) -> None:
    text = table(["a", "b"], [[code(one), prose(other)] for one, other in rows])
    found = tokens(text)
    cells = [found[place + 1].children or [] for place, token in enumerate(found) if token.type == "td_open"]
    shown = ["".join(token.content for token in cell) for cell in cells]
    assert shown == [inert(" ".join(item.split())) for row in rows for item in row]
