"""Write the pages that are made from the code; ``make docs`` runs it, a test compares."""

import sys
from pathlib import Path

from forensics.analysis.findings import UNKNOWN_RESOURCE, UNKNOWN_STOP
from forensics.analysis.patterns.catalogue import RULES as TIME_RULES
from forensics.analysis.rules.catalogue import RULES
from forensics.analysis.rules.literals import words_of
from forensics.analysis.rules.rule import Rule
from forensics.capture.discovery import OPERATIONS as DISCOVERY
from forensics.preflight.policy import IDENTITY, needed, optional, statements, used_for
from forensics.report.policy import as_json
from forensics.sources.base import Source
from forensics.sources.catalog import CATALOG

ROOT = Path(__file__).parents[1]
UNKNOWN = (UNKNOWN_RESOURCE, UNKNOWN_STOP)
PARTS = {
    "000": "Archive",
    "001": "AWS endpoint and wire",
    "002": "The door and the sources",
    "003": "Capture",
    "004": "Command line and settings",
    "005": "Analysis and reading",
    "006": "Project",
    "007": "Credentials and gaps",
    "008[0-4]": "Coverage",
    "008[5-9]": "Before a recording",
    "009": "Saved output and reading speed",
    "010": "Forms of an explanation",
    "011": "The HTML report",
    "012[0-6]": "Redaction",
    "012[7-9]": "What AWS tells",
}
"""The parts by the first digits of their decisions' numbers, as a shell pattern."""


def sources_page() -> str:
    """Return docs/reference/sources.md."""
    lines = [
        "# Sources",
        "",
        "What reads AWS, made from the declarations in `forensics/sources` by `make docs`.",
        "",
        "| Source | Facts | Operations | Where allowed | Key | Order | Sees back | How a gap shows |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(source) for source in CATALOG),
        "",
        "Names and globs are looked up with " + _codes(DISCOVERY) + ".",
        "",
        "## Permissions",
        "",
        "All of it is reading. What is not allowed is recorded once as a refusal that names the action, "
        "and everything else goes on.",
        "`forensics iam-policy` prints the least policy, for Terraform and CloudFormation too; "
        "`config/iam-policy.json` is what it prints.",
        "`forensics doctor` tries each action for real.",
        "",
        "| Action | Used for | Needed |",
        "| --- | --- | --- |",
        *_actions(),
    ]
    return "\n".join(lines) + "\n"


def iam_policy() -> str:
    """Return config/iam-policy.json: what `forensics iam-policy` prints."""
    return as_json(statements())


def decisions_page() -> str:
    """Return docs/adr/README.md: the decisions by their own titles."""
    lines = [
        "# Decisions",
        "",
        "One page each: context, decision, what it costs.",
        "Numbers are given by part, so that pages about one part stand together.",
        "`make docs` makes this list.",
    ]
    for numbers, part in PARTS.items():
        lines += ["", f"## {part}", ""]
        for path in sorted((ROOT / "docs/adr").glob(f"{numbers}*.md")):
            title = path.read_text().partition("\n")[0].removeprefix("# ")
            lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"


def rules_page() -> str:
    """Return docs/reference/rules.md."""
    lines = [
        "# Rules",
        "",
        "What `explain` knows, made from `forensics/analysis` by `make docs`.",
        "[How a cause is found](../explanation/diagnosis.md) says how rules are used.",
        "",
        "A rule over words is sure to the degree that its words are; the surest that fits decides.",
        "A rule marked *one message* was written from a single known text and may not know its variants.",
        "A pattern over time measures facts, and is context below the cause.",
        "",
        f"{len(RULES)} rules over words, {len(TIME_RULES)} patterns over time, {len(UNKNOWN)} for what is "
        "not known.",
    ]
    categories = sorted({rule.category for rule in (*RULES, *TIME_RULES, *UNKNOWN)})
    for category in categories:
        lines += ["", f"## {category}"]
        for rule in (*RULES, *TIME_RULES, *UNKNOWN):
            if rule.category == category:
                lines += ["", *_rule(rule)]
    return "\n".join(lines) + "\n"


def words_module() -> str:
    """Return forensics/analysis/rules/words.py: what each rule's texts must hold."""
    needed_words = {rule.id: words_of(rule.pattern) for rule in RULES}
    lines = [
        '"""Made by ``make docs`` from the rules: the words of which a rule\'s texts hold at least one."""',
        "",
        "# ruff: noqa: E501",
        "# fmt: off",
        "WORDS: dict[str, tuple[str, ...]] = {",
        *(f"    {name!r}: {tuple(sorted(words))!r}," for name, words in needed_words.items() if words),
        "}",
        '"""By the rule\'s id; a rule that is not here may fit any text."""',
    ]
    return "\n".join(lines) + "\n"


def _rule(rule: Rule) -> list[str]:
    kind = "pattern over time" if rule in TIME_RULES else "words" if rule.pattern else "no rule fits"
    facts = [f"{rule.confidence:.0%} sure", kind]
    facts += [f"only `{rule.resource}`"] if rule.resource else []
    facts += ["one message"] if rule.fitted else []
    return [
        f"### {rule.id}",
        "",
        f"**{rule.title}** ({', '.join(facts)}).",
        rule.cause,
        rule.remedy,
        f"[AWS's page]({rule.docs}).",
        *(["", "```text", rule.pattern, "```"] if len(rule.pattern) > 1 else []),
    ]


def pages() -> dict[Path, str]:
    """Return what is made from the code, by path."""
    return {
        ROOT / "docs/adr/README.md": decisions_page(),
        ROOT / "docs/reference/rules.md": rules_page(),
        ROOT / "docs/reference/sources.md": sources_page(),
        ROOT / "forensics/analysis/rules/words.py": words_module(),
        ROOT / "config/iam-policy.json": iam_policy(),
    }


def _row(source: Source) -> str:
    horizon = "as far as needed" if source.horizon is None else f"{source.horizon.total_seconds() / 3600:g} h"
    cells = [
        f"`{source.name}`",
        _codes(source.types),
        _codes(source.operations),
        _codes(source.optional_operations),
        source.key,
        source.order,
        horizon,
        source.gap_shows,
    ]
    return f"| {' | '.join(cells)} |"


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _actions() -> list[str]:
    wanted = [f"| `{action}` | {used_for(action)} | yes |" for action in sorted(needed())]
    details = [f"| `{action}` | {used_for(action)} | where allowed |" for action in sorted(optional())]
    return [
        *wanted,
        *details,
        f"| `{IDENTITY}` | saying whose credentials are in use | needs no permission |",
    ]


def main() -> int:
    """Write every page."""
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
