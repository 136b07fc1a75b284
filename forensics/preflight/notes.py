"""What is found of one site, noted as it is found, so that a time limit loses nothing."""

from collections.abc import Mapping

import msgspec

from forensics.errors import Unreachable
from forensics.model.checkup import Check, Tried
from forensics.model.record import JsonObject


class Notes(msgspec.Struct, kw_only=True, eq=False):
    """One site's notes: one thread writes them, another may read them at any time."""

    label: str
    region: str
    doing: str = ""
    """Who or what is being waited for; "" before the first call and after the last."""
    is_done: bool = False
    answering: set[str] = msgspec.field(default_factory=set)
    """AWS services that gave any answer, an error too."""
    silent: dict[str, Unreachable] = msgspec.field(default_factory=dict)
    """AWS services that gave none, with why."""
    identity: JsonObject | None = None
    checks: list[Check] = msgspec.field(default_factory=list)
    actions: list[Tried] = msgspec.field(default_factory=list)

    def check(
        self,
        name: str,
        state: str,
        text: str,
        *,
        remedy: str = "",
        target: str = "",
        facts: Mapping[str, str | int | float | None] | None = None,
    ) -> None:
        """Note what was found."""
        found = Check(
            name=name, state=state, text=text, remedy=remedy, target=target, facts=dict(facts or {})
        )
        self.checks.append(found)

    def tried(self, found: Tried) -> None:
        """Note what came of an action; what was noted of the same question before is replaced."""
        question = (found.action, found.about)
        self.actions = [one for one in self.actions if (one.action, one.about) != question] + [found]
