"""An IAM policy written out: as a policy document, for Terraform, for CloudFormation."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from forensics.model.policy import Statement
from forensics.model.record import JsonObject

VERSION = "2012-10-17"
"""The version of IAM's policy language, not a date of ours."""
_TITLE = "What forensics may read; sts:GetCallerIdentity, which it asks too, needs no permission."
_NAME = "deploy-forensics"


def document(statements: Sequence[Statement]) -> JsonObject:
    """Return the policy document that IAM takes."""
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": statement.sid,
                "Effect": "Allow",
                "Action": [action.name for action in statement.actions],
                "Resource": "*",
            }
            for statement in statements
        ],
    }


def as_json(statements: Sequence[Statement]) -> str:
    """Return a policy document as JSON text, ending in a line feed."""
    return json.dumps(document(statements), indent=2) + "\n"


def as_terraform(statements: Sequence[Statement]) -> str:
    """Return a policy as Terraform's HCL, laid out as `terraform fmt` does."""
    return _text(_terraform(statements))


def as_cloudformation(statements: Sequence[Statement]) -> str:
    """Return a policy as a CloudFormation template in YAML, which puts out the policy's ARN."""
    return _text(_cloudformation(statements))


WRITERS: Mapping[str, Callable[[Sequence[Statement]], str]] = {
    "json": as_json,
    "terraform": as_terraform,
    "cloudformation": as_cloudformation,
}
"""The formats by name."""


def _terraform(statements: Sequence[Statement]) -> Iterator[str]:
    yield f"# {_TITLE}"
    yield 'data "aws_iam_policy_document" "forensics" {'
    for number, statement in enumerate(statements):
        if number:
            yield ""
        yield f"  # {statement.why}"
        yield "  statement {"
        yield f'    sid    = "{statement.sid}"'
        yield '    effect = "Allow"'
        yield "    actions = ["
        yield from _listed(statement, '      "{}",')
        yield "    ]"
        yield '    resources = ["*"]'
        yield "  }"
    yield "}"
    yield ""
    yield 'resource "aws_iam_policy" "forensics" {'
    yield f'  name   = "{_NAME}"'
    yield "  policy = data.aws_iam_policy_document.forensics.json"
    yield "}"


def _cloudformation(statements: Sequence[Statement]) -> Iterator[str]:
    yield f"# {_TITLE}"
    yield 'AWSTemplateFormatVersion: "2010-09-09"'
    yield "Description: What forensics may read."
    yield "Resources:"
    yield "  ForensicsPolicy:"
    yield "    Type: AWS::IAM::ManagedPolicy"
    yield "    Properties:"
    yield "      Description: What forensics may read."
    yield "      PolicyDocument:"
    yield f'        Version: "{VERSION}"'
    yield "        Statement:"
    for statement in statements:
        yield f"          # {statement.why}"
        yield f"          - Sid: {statement.sid}"
        yield "            Effect: Allow"
        yield "            Action:"
        yield from _listed(statement, "              - {}")
        yield '            Resource: "*"'
    yield "Outputs:"
    yield "  PolicyArn:"
    yield "    Value:"
    yield "      Ref: ForensicsPolicy"


def _listed(statement: Statement, entry: str) -> Iterator[str]:
    """Yield a line for each action, what it is used for as a comment; the comments stand in one column."""
    entries = [entry.format(action.name) for action in statement.actions]
    longest = max(map(len, entries))
    for text, action in zip(entries, statement.actions, strict=True):
        yield f"{text:<{longest}} # {action.used_for}"


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"
