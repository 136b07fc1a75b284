"""Start the program: the command ``forensics``, and ``python -m forensics``."""

import gc
import importlib
import sys


def main() -> None:
    """Run the command line of this process and exit."""
    # What is imported lives to the end: looking for garbage among it takes a twentieth of a start.
    gc.disable()
    if sys.argv[1:2] == ["watch"]:
        # Before anything else is loaded: that takes a second, and a hangup would end the process.
        importlib.import_module("forensics.cli.signals").hold_hangup()
    importlib.import_module("forensics.cli.main").main()


if __name__ == "__main__":
    main()
