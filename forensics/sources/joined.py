"""Lists that come newest first, joined to what is known of them."""

from collections.abc import Iterable, Sequence

import msgspec

DEPTH = 20
"""How far behind the newest known id late arrivals are looked for."""
MEMORY = 64
"""How many ids a position keeps: more than DEPTH, because late arrivals take the place of older ones."""


class Join(msgspec.Struct, frozen=True, kw_only=True):
    """How a list meets what is known."""

    is_met: bool
    """A known id is in the list: nothing between is missing."""
    is_deep: bool
    """The list goes DEPTH places beyond the first known id: no late arrival can hide further down."""
    fresh: tuple[int, ...]
    """Places in the list, newest first, of what is not known yet."""
    known: tuple[int, ...] = ()
    """Places of what is known, as far as the list was compared."""


def join(ids: Sequence[str], known: Iterable[str]) -> Join:
    """Return what of a newest-first list is new.

    AWS's lists settle late: an event can appear behind one that was read before. So the first known id
    does not end the search; DEPTH places behind it are compared too, as far as known ids reach.

    Args:
        ids: The list's ids, newest first, from its very beginning.
        known: The ids of the position.
    """
    remembered = set(known)
    met = next((place for place, key in enumerate(ids) if key in remembered), None)
    if met is None:
        return Join(is_met=False, is_deep=False, fresh=tuple(range(len(ids))))
    window = ids[: met + DEPTH]
    deepest = max(place for place, key in enumerate(window) if key in remembered)
    fresh = tuple(place for place in range(deepest) if ids[place] not in remembered)
    seen = tuple(place for place, key in enumerate(window) if key in remembered)
    return Join(is_met=True, is_deep=len(ids) >= met + DEPTH, fresh=fresh, known=seen)


def remember(known: Sequence[str], *keys: str) -> list[str]:
    """Return the ids of a position after more of them, oldest first, at most MEMORY of them."""
    return [*known, *keys][-MEMORY:]
