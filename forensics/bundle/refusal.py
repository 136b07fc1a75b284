"""Why a bundle is not used."""

from forensics.errors import BundleRefused


def refused(bundle: object, rule: str) -> BundleRefused:
    """Return the error for a bundle that breaks a rule.

    Args:
        bundle: Its path.
        rule: What is wrong, as the end of a sentence.
    """
    return BundleRefused(
        f"{bundle}: refused: {rule}",
        hint="ask for the bundle again, as `forensics bundle` wrote it; nothing of it was used",
    )
