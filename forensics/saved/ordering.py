"""What was found, in one order, each fact once, with the keys that a recording gives."""

from collections.abc import Iterable, Sequence

import msgspec

from forensics.model.changes import Entry, after_change, change_id
from forensics.model.record import Fact
from forensics.saved.found import Item


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """Facts as a recording would have brought them."""

    facts: tuple[Fact, ...]
    """Oldest first; what has no time stands beside what it stood beside in the input."""
    repeated: int
    """How many facts came more than once."""


def ordered(items: Sequence[Item]) -> Ordered:
    """Return items as facts, in the order of AWS's times.

    Args:
        items: In the order of the input; within a list oldest first.
    """
    facts: list[Fact] = []
    known: set[tuple[str, str]] = set()
    states: dict[tuple[str, str], Entry] = {}
    first_hand = {item.twin for item in items if item.twin and not item.is_second_hand}
    for item in _by_time(items):
        if item.is_second_hand and item.twin in first_hand:
            continue
        if item.state:
            place = (item.type, item.state)
            key = change_id(item.state, states.get(place), item.data)
            if key is None:
                continue
            states[place] = after_change(states.get(place), key)
        else:
            key = item.id
        if (item.source, key) not in known:
            known.add((item.source, key))
            facts.append(
                Fact(
                    type=item.type,
                    source=item.source,
                    id=key,
                    data=item.data,
                    time=item.time,
                    subject=item.subject,
                )
            )
    return Ordered(facts=tuple(facts), repeated=len(items) - len(facts))


def _by_time(items: Iterable[Item]) -> list[Item]:
    placed: list[tuple[str, Item]] = []
    before = ""
    for item in items:
        before = item.time or before
        placed.append((before, item))
    placed.sort(key=lambda entry: entry[0])
    return [item for _, item in placed]
