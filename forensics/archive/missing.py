"""Which numbers of the archive's sequence have not been met."""


class Missing:
    """A sequence without holes, and the ranges of it that were skipped.

    Args:
        next_seq: The number expected first; None to start with whatever comes.
    """

    def __init__(self, next_seq: int | None = None) -> None:
        self.next_seq = next_seq
        self.ranges: list[tuple[int, int]] = []
        """First and last number of each hole, in order."""

    def take(self, seq: int) -> bool:
        """Return whether a number is new: False for one that was taken before."""
        expected = self.next_seq
        if expected is None or seq == expected:
            self.next_seq = seq + 1
            return True
        if seq > expected:
            self.ranges.append((expected, seq - 1))
            self.next_seq = seq + 1
            return True
        return self._fill(seq)

    def take_run(self, seqs: list[int]) -> bool:
        """Return whether numbers are just those that were expected next, all of them; else take none."""
        expected = self.next_seq
        if expected is None or not seqs or seqs != list(range(expected, expected + len(seqs))):
            return False
        self.next_seq = expected + len(seqs)
        return True

    def _fill(self, seq: int) -> bool:
        for index, (first, last) in enumerate(self.ranges):
            if first <= seq <= last:
                around = [(first, seq - 1), (seq + 1, last)]
                self.ranges[index : index + 1] = [(low, high) for low, high in around if low <= high]
                return True
        return False
