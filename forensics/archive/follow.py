"""Records as they are written."""

import threading
from collections.abc import Iterator

from forensics.archive.disk import Folder
from forensics.archive.line import decode
from forensics.archive.segment import numbers_in, segment_name
from forensics.model.clock import Clock
from forensics.model.record import Record

_PAUSE_S = 0.25


def follow(segments: Folder, stop: threading.Event, clock: Clock, first_number: int) -> Iterator[Record]:
    """Yield the records from a segment on, and then each new one until told to stop.

    Args:
        segments: The folder of segments.
        stop: Ends the iteration, after what was written until then.
        clock: Waits between two looks.
        first_number: Number of the segment to begin with.
    """
    cursor = _Cursor(segments, first_number)
    while True:
        is_stopped = stop.is_set()
        yield from cursor.new_records()
        if is_stopped:
            return
        clock.wait(stop, _PAUSE_S)


class _Cursor:
    """A place in the segments up to which everything was read."""

    def __init__(self, segments: Folder, number: int) -> None:
        self._segments = segments
        self._number = number
        self._offset = 0

    def new_records(self) -> Iterator[Record]:
        # A segment is complete once there is a later one: look for that before reading, not after.
        for later in [*numbers_in(self._segments.names())[0], None]:
            if later is None or later > self._number:
                yield from self._rest()
            if later is not None and later > self._number:
                self._number, self._offset = later, 0

    def _rest(self) -> Iterator[Record]:
        try:
            file = self._segments.open(segment_name(self._number))
        except FileNotFoundError:
            return
        with file:
            # Recovery may have cut off what was read of a torn tail.
            self._offset = min(self._offset, file.seek(0, 2))
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                record = decode(line)
                if record is not None:
                    yield record
