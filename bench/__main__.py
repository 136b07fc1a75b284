"""Print speed and memory as ratios measured in one run, each beside its target.

``make bench`` runs all of it; ``python -m bench poll archive`` runs the named parts.
"""

import importlib
import sys

from bench.table import Row, print_table

PARTS = ("poll", "steady", "archive", "reading", "sharing")


def main(names: list[str]) -> int:
    """Run the named parts, all of them without names; return 1 where a target is missed."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"bench: no part named {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or PARTS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"bench.{name}").rows()
    print_table(rows)
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
