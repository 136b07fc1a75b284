"""Loss of power after any call: unflushed writes may vanish, be cut short, zeroed or garbled."""

import random
from pathlib import Path

from forensics.archive.end import WriterOptions
from forensics.archive.verify import verify
from tests.support.archives import abandon, event, ids, open_writer
from tests.support.power import NotingDisk, after_power_loss

STATES_EACH = 4


def recorded(path: Path) -> NotingDisk:
    """Return the calls of a life with full segments, a close, a kill, a torn tail and a recovery."""
    disk = NotingDisk()
    options = WriterOptions(segment_bytes=900)
    key = 0
    for life in range(3):
        writer = open_writer(path, options=options, disk=disk)
        for count in (1, 6, 1, 3):
            keys = [str(number) for number in range(key, key + count)]
            key += count
            pending = writer.begin(
                [event(number) for number in keys],
                then=lambda _written, keys=keys: disk.operations.append(("acknowledged", -1, keys)),
            )
        pending.wait()
        if life == 0:
            writer.close()
            continue
        abandon(writer)
        last = sorted((path / "seg").glob("*.jsonl"))[-1]
        fd = disk.open(last.name, folder=disk.open_folder(str(last.parent)))
        disk.write(fd, b'{"specversion":"1.0","torn')
        disk.close(fd)
    open_writer(path, options=options, disk=disk).close()
    return disk


def test_whatever_a_loss_of_power_leaves_holds_all_that_was_acknowledged(tmp_path: Path) -> None:
    """After every single call, in several ways; the next writer mends it and verify is content."""
    operations = recorded(tmp_path / "whole").operations
    assert len(operations) > 80
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    for count in range(1, len(operations) + 1):
        acknowledged = [key for operation in operations[:count] if operation[1] == -1 for key in operation[2]]
        for state in range(STATES_EACH):
            path = after_power_loss(operations[:count], chance, tmp_path / f"{count}-{state}")
            context = f"seed {seed}, after call {count}: {operations[count - 1][0]}"
            if path is None:
                assert not acknowledged, context
                continue
            writer = open_writer(path)
            writer.append([event("after")])
            writer.close()
            found = ids(path)
            assert len(found) == len(set(found)), context
            assert found[: len(acknowledged)] == acknowledged, context
            assert found[-1] == "after", context
            assert verify(path).is_sound, f"{context}: {verify(path).problems}"
