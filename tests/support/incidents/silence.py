"""Eight schedules start tasks, and four of them fall silent: nothing fails, and no data comes.

START is 14:00. The four are gone from 14:26 on and are made anew at 14:43. New credentials at 14:31 looked
like the cause and were not. The two that run every minute are missed first.
"""

from tests.support.histories import Builder, epoch, task

CLUSTER = "ops-pipeline"
MINUTE = 60
LOST = ("telemetry-ingestor-1m", "feature-computer-1m", "classifier", "rss-ingest")
KEPT = ("signal-engine-1m", "dispatcher", "healthcheck-5m", "watchlist-engine-5m")
GONE_AT = 26 * MINUTE
NOTICED_AT = 41 * MINUTE
BACK_AT = 43 * MINUTE
ENDS_AT = 55 * MINUTE
_EVERY_MINUTE = ("telemetry-ingestor-1m", "feature-computer-1m", "signal-engine-1m", "dispatcher")


def parts() -> list[Builder]:
    """Return the history's builders."""
    return [job for name in (*LOST, *KEPT) for job in _jobs(name)]


def _jobs(name: str) -> list[Builder]:
    every = MINUTE if name in _EVERY_MINUTE else 5 * MINUTE
    starts = range(-20 * MINUTE, ENDS_AT, every)
    return [
        task(
            None,
            at=start + 25,
            cluster=CLUSTER,
            task_id=f"{abs(hash_of(name)):08x}{start + 7200:024x}",
            exit_code=0,
            group=f"family:{name}",
            startedBy=f"chronos-schedule/ops-pipeline-{name}",
            createdAt=epoch(start),
        )
        for start in starts
        if name in KEPT or not GONE_AT <= start < BACK_AT + every
    ]


def hash_of(name: str) -> int:
    """Return a number that only depends on the name."""
    return sum(ord(char) * 131**place for place, char in enumerate(name)) % 2**31
