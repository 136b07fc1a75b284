"""The survey of an account and region's stacks: one listing tells which of them moved."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from forensics.aws.door import Door
from forensics.errors import AwsError
from forensics.model.changes import after_change, change_id
from forensics.model.identity import Stream, parse_arn, parse_stack_arn
from forensics.model.record import Fact, Gap, JsonObject
from forensics.sources.answer import moment, pages, stamp, text
from forensics.sources.base import Batch, Failed, Position
from forensics.sources.changes import crosses

STACK = "aws.cloudformation.stack"

_LIST = "cloudformation:ListStacks"
_FIELD = "StackSummaries"
_DELETED = "DELETE_COMPLETE"
_ABOVE = ("ParentId", "RootId")
_ASK_AGAIN_S = 60
# ListStacks without a filter also returns the deleted stacks of 90 days. REVIEW_IN_PROGRESS is the state of a
# stack whose first change set waits to be executed.
_LIVING = [
    *(f"{verb}_{end}" for verb in ("CREATE", "ROLLBACK", "DELETE") for end in ("IN_PROGRESS", "FAILED")),
    *("CREATE_COMPLETE", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"),
    *("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_FAILED"),
    *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
    *("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
    *("IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE"),
]

Wanted = Callable[[str, str], bool]
"""Whether a stack of this name and this ARN is to be watched."""


def survey_of(beside: str) -> str:
    """Return the survey's target for the partition, account and region of another ARN.

    Raises:
        ValueError: The text is no ARN.
    """
    arn = parse_arn(beside)
    if arn is None:
        raise ValueError(f"{beside!r} is not an ARN")
    return str(arn._replace(service="cloudformation", resource="stack/*"))


class Stacks:
    """The stacks of one account and region that are to be watched, each time one of them changes.

    Operations: cloudformation:ListStacks.
    Key: StackId and the digest of the summary.
    Horizon: none; a deleted stack is listed for 90 days.

    Args:
        wanted: Told a stack's name and ARN; nested stacks are wanted with their parent or root.
    """

    name = "stacks"
    types: tuple[str, ...] = (STACK,)
    operations: tuple[str, ...] = (_LIST,)
    optional_operations: tuple[str, ...] = ()
    key = "StackId@digest of the summary"
    horizon: timedelta | None = None
    order = "none"
    gap_shows = "it lists what is, so the changes between two listings are left to stack_events"
    fold_reads: tuple[str, ...] | None = ("StackStatus", *_ABOVE)
    group_size = 1

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def group_of(self, target: str) -> str:
        """Return the survey itself: each is asked for alone."""
        return target

    def target_of(self, fact: Fact) -> str:
        """Return the survey that the stack is part of."""
        return survey_of(fact.source)

    def fold(self, position: Position | None, fact: Fact) -> Position:
        """Return the position after a stack's change: what is remembered of each living stack, by ARN.

        Beside what `after_change` keeps, ``above`` has the ARNs of a nested stack's parent and root.
        """
        return self._folded(position, (fact,))

    def fold_all(self, position: Position | None, facts: Iterable[Fact]) -> Position | None:
        """Return the position after stacks' changes; many cost little more than one."""
        listed = tuple(facts)
        return self._folded(position, listed) if listed else position

    def _folded(self, position: Position | None, facts: Iterable[Fact]) -> Position:
        folded = dict(position or {})
        for fact in facts:
            if text(fact.data, "StackStatus") == _DELETED:
                folded.pop(fact.source, None)
                continue
            entry = after_change(folded.get(fact.source), fact.id)
            above = [arn for field in _ABOVE if (arn := text(fact.data, field))]
            folded[fact.source] = {**entry, "above": above} if above else entry
        return folded

    def fold_gap(self, position: Position | None, gap: Gap) -> Position | None:
        """Return the position as it is: no later poll counts what a gap may have counted."""
        return position

    def fetch(
        self,
        door: Door,
        targets: Sequence[str],
        positions: Mapping[str, Position | None],
        *,
        now: datetime,
        polled_at: Mapping[str, datetime | None],
        wanted_since: Mapping[str, datetime],
    ) -> list[Batch | Failed]:
        """List the stacks once for each survey; what changed is in facts, and in moved or found."""
        read: list[Batch | Failed] = []
        for target in targets:
            try:
                read.append(self._read(door, target, positions.get(target) or {}, now, polled_at.get(target)))
            except AwsError as error:
                read.append(Failed(stream=Stream(self.name, target), error=error))
        return read

    def _read(
        self, door: Door, target: str, position: Position, now: datetime, polled_at: datetime | None
    ) -> Batch:
        listed: dict[str, JsonObject] = {}
        gone = {arn for arn, entry in position.items() if self._is_any_wanted(arn, *entry.get("above", ()))}
        for row in _listed(door, _LIVING):
            gone.discard(text(row, "StackId"))
            if self._is_wanted(row):
                listed[text(row, "StackId")] = row
        if gone and crosses(polled_at, now, _ASK_AGAIN_S):
            deleted = _listed(door, [_DELETED], until_found=set(gone))
            listed |= {arn: row for row in deleted if (arn := text(row, "StackId")) in gone}
        facts = []
        for arn, row in listed.items():
            fact_id = change_id(arn, position.get(arn), row)
            if fact_id is not None:
                facts.append(_fact(arn, fact_id, row))
        facts.sort(key=lambda fact: fact.time or "")
        changed = dict.fromkeys([*(fact.source for fact in facts), *sorted(gone)])
        streams = {arn: Stream("stack_events", arn) for arn in changed}
        return Batch(
            stream=Stream(self.name, target),
            facts=tuple(facts),
            covers_from=now,
            found=tuple(stream for arn, stream in streams.items() if arn not in position),
            moved=tuple(stream for arn, stream in streams.items() if arn in position),
        )

    def _is_wanted(self, row: JsonObject) -> bool:
        return self._is_any_wanted(*(text(row, field) for field in ("StackId", *_ABOVE)))

    def _is_any_wanted(self, *arns: str) -> bool:
        named = ((parse_stack_arn(arn), arn) for arn in arns)
        return any(stack is not None and self._wanted(stack.name, arn) for stack, arn in named)


def _listed(
    door: Door, statuses: Sequence[str], *, until_found: set[str] | None = None
) -> Iterable[JsonObject]:
    """Yield the summaries of all stacks in these states; a page at a time, as far as they are wanted."""
    missing = until_found
    for page in pages(door, _LIST, "NextToken", StackStatusFilter=list(statuses)):
        for row in page.rows(_FIELD):
            if missing is not None:
                missing.discard(text(row, "StackId"))
            yield row
        if missing is not None and not missing:
            return


def _fact(arn: str, fact_id: str, row: JsonObject) -> Fact:
    times = (row.get(field) for field in ("DeletionTime", "LastUpdatedTime", "CreationTime"))
    newest = max((at for value in times if (at := moment(value)) is not None), default=None)
    return Fact(
        type=STACK,
        source=arn,
        id=fact_id,
        data=row,
        time=stamp(newest.isoformat()) if newest else None,
        subject=text(row, "StackName") or None,
    )
