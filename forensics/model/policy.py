"""What credentials must be allowed to do, as the statements of an IAM policy."""

import msgspec


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that IAM allows or does not."""

    name: str
    """As IAM spells it, such as ``ecs:ListTasks``."""
    used_for: str
    """What asks for it, for a person."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Actions that are allowed together, for one reason."""

    sid: str
    """Letters and digits: IAM takes nothing else."""
    why: str
    """One sentence on what they are for; must hold no line feed."""
    actions: tuple[Action, ...]
    """Sorted by name, at least one."""
