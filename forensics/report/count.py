"""Numbers with their nouns."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 record`` or ``1,234 records``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
