"""The command `iam-policy`: the least that forensics must be allowed to read."""

import sys

import click

from forensics.preflight.policy import chosen, statements
from forensics.report.policy import WRITERS

# A line break after \b keeps click from filling the lines that follow.
EXAMPLES = """\b
Examples:
  forensics iam-policy > policy.json
  forensics iam-policy -o terraform > forensics.tf
  forensics iam-policy --sources stacks,stack_events -o cloudformation
"""


@click.command("iam-policy", epilog=EXAMPLES)
@click.option(
    "--sources",
    multiple=True,
    metavar="NAME[,NAME...]",
    help="Only what these sources ask; docs/reference/sources.md lists them. Repeatable. [default: all]",
)
@click.option("-o", "--output", type=click.Choice(list(WRITERS)), default="json", show_default=True)
def iam_policy(sources: tuple[str, ...], output: str) -> int:
    """Print the least IAM policy that recording needs. Asks AWS nothing.

    Two statements: what is needed, and what is used where it is allowed. All of it is reading.
    sts:GetCallerIdentity, which is asked too, needs no permission.
    """
    names = [name.strip() for given in sources for name in given.split(",") if name.strip()]
    sys.stdout.write(WRITERS[output](statements(chosen(names))))
    return 0
