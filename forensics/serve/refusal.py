"""Errors of AWS that the endpoint answers with."""


class Refusal(Exception):
    """An AWS error in place of an answer.

    Args:
        code: AWS's code, such as ``ValidationError``.
        message: AWS's text.
        status: The HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
