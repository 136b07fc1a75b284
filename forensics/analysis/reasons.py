"""Why tasks stopped: the text that says most, and tasks grouped by it."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from forensics.analysis.classify import Match, classify
from forensics.analysis.shapes import Container, Task

# Texts that only say that something else says why.
_GENERIC = re.compile(
    r"\s*(?:essential container in task exited|task failed to start|task stopped|"
    r"essential container in task marked as stopped)\W*$",
    re.IGNORECASE,
)

# What differs between two tasks that stopped for the same reason.
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|sha256:[0-9a-f*.]+"
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b"
    r"|(?<=request id: )[\w-]+|(?<=requestid: )[\w-]+"
    r"|\d+",
    re.IGNORECASE,
)


class ReasonGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that stopped for the same reason."""

    text: str
    """The words that say most, from the first of the tasks."""
    tasks: tuple[Task, ...]
    """Oldest first."""
    matches: tuple[Match, ...]
    """The rules that fit, the surest first."""

    @property
    def exit_codes(self) -> tuple[int, ...]:
        """The exit codes of all the containers, each once, ascending."""
        codes = {
            item.exit_code for task in self.tasks for item in task.containers if item.exit_code is not None
        }
        return tuple(sorted(codes))

    @property
    def images(self) -> tuple[str, ...]:
        """The images of the containers in the order they were seen, with the digest where ECS gave one."""
        images = (image_of(item) for task in self.tasks for item in task.containers if item.image)
        return tuple(dict.fromkeys(images))


def image_of(container: Container) -> str:
    """Return a container's image with its digest, unless the name holds it already."""
    digest = container.digest
    return f"{container.image}@{digest}" if digest and "@" not in container.image else container.image


# The tasks of a service that fails again and again give the same few texts.
@lru_cache(maxsize=1000)
def normalised(text: str) -> str:
    """Return a text with ids, numbers and digests made equal and white space folded."""
    return " ".join(_VARYING.sub("#", text).casefold().split())


def group(tasks: Iterable[Task]) -> list[ReasonGroup]:
    """Return the tasks grouped by reason: the largest group first, of equals the earliest first."""
    members: dict[tuple[str, ...], list[Task]] = {}
    for task in sorted(tasks, key=lambda item: (item.at, item.seq)):
        members.setdefault(_key(task), []).append(task)
    groups = [_group(found) for found in members.values()]
    return sorted(groups, key=lambda item: (-len(item.tasks), item.tasks[0].at, item.tasks[0].seq))


def texts_of(task: Task) -> list[str]:
    """Return every text that a task says about its end, exit codes last."""
    texts = [task.stopped_reason, *(item.reason for item in task.containers), *task.attachment_reasons]
    codes = [item.exit_code for item in task.containers if item.exit_code is not None]
    bad = [code for code in codes if code != 0]
    texts += [f"exit code {code}" for code in bad or codes]
    if task.stop_code:
        texts.append(f"stop code {task.stop_code}")
    return [text for text in texts if text]


def most_specific(task: Task) -> tuple[str, tuple[Match, ...]]:
    """Return the text of a task that says most, and the rules that fit it.

    The surest rule decides; where none fits, a text that is not generic; where there is none, whatever
    there is.
    """
    texts = texts_of(task)
    names = [task.group.partition(":")[2], *(item.name for item in task.containers)]
    judged = [(text, tuple(classify(text, names=names))) for text in texts]
    known = [item for item in judged if item[1]]
    if known:
        return max(known, key=lambda item: item[1][0].rule.confidence)
    said = [
        text for text in texts if not _GENERIC.match(text) and not text.startswith(("exit code", "stop code"))
    ]
    return (said or texts or ["the task gives no reason"])[0], ()


def _key(task: Task) -> tuple[str, ...]:
    codes = sorted(str(item.exit_code) for item in task.containers if item.exit_code)
    reasons = [task.stopped_reason, *(item.reason for item in task.containers), *task.attachment_reasons]
    return (task.stop_code, *codes, *(normalised(text) for text in reasons if text))


def _group(tasks: Sequence[Task]) -> ReasonGroup:
    text, matches = most_specific(tasks[0])
    return ReasonGroup(text=text, tasks=tuple(tasks), matches=matches)
