"""Records of an archive that were taken out of it, as `forensics events -o jsonl` or `-o json` gives them."""

from forensics.model import record as kinds
from forensics.model.record import JsonObject
from forensics.saved.cloudformation import STACK_EVENT, twin_of
from forensics.saved.eventbridge import ORIGINAL
from forensics.saved.found import Found, Item, text

_OURS = "forensics."
# What says that something is missing holds wherever the records go; what was polled does not.
_KEPT = (kinds.GAP, kinds.REFUSAL, kinds.UNDECODABLE, kinds.CONFLICT, kinds.IMPORT)


def is_record(value: JsonObject) -> bool:
    """Return whether a value is a line of an archive."""
    return "data" in value and all(text(value, name) for name in ("specversion", "type", "source", "id"))


def record(found: Found, value: JsonObject) -> None:
    """Take one record of an archive; the recorder's own bookkeeping is counted and left out."""
    kind, data = text(value, "type"), value["data"]
    if kind.startswith(_OURS) and kind not in _KEPT:
        found.bookkeeping += 1
        return
    item = Item(type=kind, source=text(value, "source"), id=text(value, "id"), data=data)
    item.time = text(value, "time") or found.at(value.get("recordedtime"))
    item.subject = text(value, "subject") or None
    if kind == STACK_EVENT and isinstance(data, dict):
        item.twin = twin_of(data, item.time)
        item.is_second_hand = ORIGINAL in data
    found.items.append(item)
