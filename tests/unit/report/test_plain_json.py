"""JSON that a terminal and a build server leave alone, and that reads back as it was."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from forensics.report.plain_json import as_json
from tests.unit.report.hostile import texts, unsafe_in


@given(st.one_of(texts, st.text(alphabet='#[]vso "\\\n\x85\u202e\U000e0041')))
def test_texts_read_back_and_do_nothing_on_the_way(text: str) -> None:
    printed = as_json({"text": text})
    assert unsafe_in(printed) == []
    assert not re.search(r"##\w*\[", printed)
    assert json.loads(printed) == {"text": text}
