"""What a recording never holds, so that nobody looks for it there."""

NOT_RECORDED = (
    "CloudTrail events are not recorded: who made which call, and what was refused, is there.",
    "Container logs are not recorded: what an application said before it ended is in its log.",
    "Schedules, secrets, images and load balancers are not recorded: only what stacks, services and tasks "
    "say of them.",
)
"""One sentence for each kind of fact."""
