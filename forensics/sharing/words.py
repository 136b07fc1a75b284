"""What a bundle says to a person who has unpacked it."""

from forensics.bundle.manifest import Predicate
from forensics.bundle.members import COVERAGE, EVENTS, MANIFEST, REDACTION, REPORT, SUMMARY, SUMS

_HIDDEN = {
    "off": "Nothing is hidden: names and values are as AWS sent them.",
    "standard": "Values, accounts and people are hidden behind names of our making; the names of stacks, "
    "services and resources, and AWS's own words, are as they were.",
    "strict": "Values, accounts, people and the names of stacks, services and resources are hidden behind "
    "names of our making; AWS's own words are as they were.",
}


def readme(predicate: Predicate) -> str:
    """Return README.md: what is in the bundle, what is not, and how to open and check it."""
    policy = predicate.policy.partition(" ")[0]
    left = [f"- {count} left out: {why}" for why, count in predicate.left_out.items() if count]
    asked = [f"- {name}: {value}" for name, value in predicate.selection.items() if value]
    return "\n".join(
        [
            "# What a deployment left behind",
            "",
            f"{predicate.records} of {predicate.source.records} records of one archive, "
            f"made by {predicate.tool}.",
            _HIDDEN.get(policy, ""),
            "The same thing has the same name everywhere in this bundle.",
            "",
            "| File | What it is |",
            "| --- | --- |",
            f"| `{SUMMARY}` | what failed first, why, and what to do |",
            f"| `{REPORT}` | the same with charts and every event; opens by double click, offline |",
            f"| `{EVENTS}` | the records, one CloudEvents object a line |",
            f"| `{COVERAGE}` | when each stream was seen, and when it was not |",
            f"| `{REDACTION}` | what was hidden, by rule and field; never a value |",
            f"| `{MANIFEST}` | an in-toto statement over all of this |",
            f"| `{SUMS}` | for `sha256sum -c {SUMS}` |",
            "",
            "With the program, without unpacking:",
            "",
            "```console",
            "forensics verify BUNDLE.zip",
            "forensics explain BUNDLE.zip",
            "```",
            "",
            *(["## What was asked for", "", *asked, ""] if asked else []),
            *(["## What is not here", "", *left, ""] if left else []),
        ]
    )
