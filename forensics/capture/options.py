"""How often to look, how long to wait, how much to hold: every number that steers a recording."""

import msgspec

MIB = 1024 * 1024


class CaptureOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cadence and limits of one recording; names end in their unit."""

    until: str = "signal"
    """When to end: ``signal`` (SIGTERM, SIGINT) or ``done`` (an operation was seen and all is at rest)."""
    settle_s: float = 30.0
    """With ``until="done"``: seconds that everything must be at rest; a delete may follow a rollback."""
    max_duration_s: float | None = None
    """End after so many seconds whatever happens; None: never."""
    wait_for_missing: bool = True
    """Wait for a stack, service or cluster that does not exist yet; False: NotFound names it."""
    allow_other_account: bool = False
    """Go on with credentials of another account than before; what is of the first then waits for its own."""

    survey_s: float = 10.0
    """Seconds between two surveys: one ListStacks run that wakes the idle stacks which moved."""
    stack_events_busy_s: float = 5.0
    """Seconds between two polls of a stack in an operation."""
    stack_events_quiet_s: float = 60.0
    """Seconds between two polls of an idle stack, only while the survey does not work."""
    services_busy_s: float = 10.0
    """Seconds between two polls of a service with a deployment in progress."""
    services_quiet_s: float = 60.0
    """Seconds between two polls of a steady service."""
    stopped_tasks_busy_s: float = 20.0
    """Seconds between two polls of a cluster in which a service is deploying."""
    stopped_tasks_quiet_s: float = 300.0
    """Seconds between two polls of a steady cluster; a quarter of the hour that AWS keeps is the limit."""
    discovery_s: float = 60.0
    """Seconds between two looks for services and clusters that a glob or a cluster leads to."""
    jitter: float = 0.1
    """Share of each delay that chance may take away, 0 to 0.5."""

    backoff_base_s: float = 2.0
    """Seconds before a failed poll is tried again; doubles with each failure."""
    backoff_ceiling_s: float = 60.0
    """The longest wait after failures, seconds."""
    refused_retry_s: float = 600.0
    """Seconds before asking again for what IAM refused."""
    probe_base_s: float = 5.0
    """Seconds before the first probe of credentials that ended; doubles up to `probe_ceiling_s`."""
    probe_ceiling_s: float = 60.0
    """The longest wait between two probes of the credentials, seconds."""

    coverage_s: float = 60.0
    """Seconds between two coverage records: quiet polls folded, also the heartbeat."""
    shutdown_s: float = 20.0
    """Seconds that the last polls may take when a recording ends."""
    workers: int = 4
    """Polls of one source and target in flight at the same time, at most; none waits for another's."""
    buffer_batches: int = 1000
    """Polls held in memory while the archive cannot be written; more are counted and read again."""
    buffer_bytes: int = 64 * MIB
    """Bytes held in memory while the archive cannot be written; more are counted and read again."""
    undecodable_bytes: int = MIB
    """Bytes kept of an answer that cannot be read; the record says when there were more."""
    redact: str = "nothing"
    """What is hidden before it is written: ``nothing``, or ``secrets``, whose values are never recorded."""
