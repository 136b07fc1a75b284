"""CloudFormation's operations, answered from a history."""

from collections.abc import Callable, Iterable

from forensics.model.wire import write_element
from forensics.serve.call import Call
from forensics.serve.moments import Told
from forensics.serve.pages import Listing, write_token
from forensics.serve.stacks import Kind, Stack

PAGE = 100
"""Entries a page. AWS documents 1 MB; about 100 events is what is seen in practice."""


def describe_stack_events(call: Call) -> bytes:
    """Answer DescribeStackEvents: a stack's events, newest first."""
    stack = _stack(call, "Stack [{}] does not exist")
    scope = f"{call.operation} {stack.arn}"
    # Events only ever join at the newest end, so that the number of older ones is a page's fixed border.
    end = call.anchor(scope, stack.events.count(call.now))
    start = max(0, end - PAGE)
    members = [told.xml for told in reversed(stack.events.between(start, end))]
    return _list("StackEvents", members) + _token(write_token(scope, start) if start else None)


def describe_stacks(call: Call) -> bytes:
    """Answer DescribeStacks: one stack by name or ARN, or all that are not deleted."""
    if call.text("StackName"):
        stack = _stack(call, "Stack with id {} does not exist")
        return _list("Stacks", [stack.view(Kind.DESCRIPTION, call.now).xml])
    living = [stack for stack in call.place.shown_stacks(call.now) if not stack.is_deleted(call.now)]
    return _stacks(call, living, "Stacks", Kind.DESCRIPTION)


def list_stacks(call: Call) -> bytes:
    """Answer ListStacks: all stacks, deleted ones too, newest first; or those of some statuses."""
    wanted = call.texts("StackStatusFilter")
    shown = [
        stack for stack in call.place.shown_stacks(call.now) if not wanted or stack.status(call.now) in wanted
    ]
    return _stacks(call, shown, "StackSummaries", Kind.SUMMARY)


def list_stack_resources(call: Call) -> bytes:
    """Answer ListStackResources: the last state of each resource, as the stack's events tell it."""
    stack = _stack(call, "Stack with id {} does not exist")
    resources = [Told(fields) for fields in stack.resources(call.now)]
    # Resources only ever join at the end, in the order in which the stack first named them.
    scope = f"{call.operation} {stack.arn}"
    numbered = list(enumerate(resources))
    page, token = call.page(numbered, lambda entry: f"{entry[0]:09d}", Listing(scope, PAGE))
    return _list("StackResourceSummaries", [told.xml for _, told in page]) + _token(token)


OPERATIONS: dict[str, Callable[[Call], bytes]] = {
    "DescribeStackEvents": describe_stack_events,
    "DescribeStacks": describe_stacks,
    "ListStackResources": list_stack_resources,
    "ListStacks": list_stacks,
}
"""Each answers with the inside of its result element."""


def _stack(call: Call, unknown: str) -> Stack:
    name = call.needed("StackName")
    stack = call.place.stack(name, call.now)
    if stack is None:
        raise call.invalid(unknown.format(name))
    return stack


def _stacks(call: Call, stacks: list[Stack], element: str, kind: Kind) -> bytes:
    listing = Listing(call.operation, PAGE, is_newest_first=True)
    page, token = call.page(stacks[::-1], lambda stack: f"{stack.began_at():020.6f} {stack.arn}", listing)
    return _list(element, [stack.view(kind, call.now).xml for stack in page]) + _token(token)


def _list(name: str, members: Iterable[bytes]) -> bytes:
    tag = name.encode()
    return b"<%b>\n" % tag + b"\n".join(members) + b"\n</%b>\n" % tag


def _token(token: str | None) -> bytes:
    return write_element("NextToken", token) if token else b""
