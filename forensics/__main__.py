"""Start the program: the command ``forensics``, and ``python -m forensics``."""

import gc
import importlib


def main() -> None:
    """Run the command line of this process and exit."""
    # What is imported lives to the end: looking for garbage among it takes a twentieth of a start.
    gc.disable()
    importlib.import_module("forensics.cli.main").main()


if __name__ == "__main__":
    main()
