"""The resources that the incident's two stacks create, with the moments at which they come and go."""

from importlib.resources import files

import msgspec

ROOT = "root"
BACKEND = "backend"
BACKEND_LOGICAL_ID = "BackendService0F9E6D3B"


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One resource of a stack; moments are minutes and seconds of the incident's hour."""

    stack: str
    """ROOT, or BACKEND for the nested stack."""
    logical_id: str
    kind: str
    """The type without ``AWS::``."""
    physical_id: str
    begins: str
    completes: str
    """Empty where it never did."""
    delete_begins: str
    delete_completes: str
    properties: dict[str, object]


def resources(stack: str) -> list[Resource]:
    """Return the resources of ROOT or BACKEND; the nested stack is one of the root's."""
    lines = files("forensics.demo").joinpath("resources.jsonl").read_bytes().splitlines()
    every = [msgspec.json.decode(line, type=Resource) for line in lines]
    return [resource for resource in every if resource.stack == stack]
