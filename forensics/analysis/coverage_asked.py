"""Whether a run was asked for a stream, by what its own record says."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from forensics.analysis.shapes import text_at, value_at
from forensics.analysis.wording import short_name
from forensics.model.identity import parse_arn, parse_service_arn, parse_stream


def asked_for(stream: str, because: Mapping[str, str], sites: Any) -> bool:
    """Return whether a run that was given these sites looks after a stream.

    Args:
        stream: ``SOURCE TARGET``.
        because: For each stream what led to it: ``wanted``, ``survey`` or another stream.
        sites: The ``sites`` of the run's record.
    """
    climbed = [stream]
    while (above := because.get(climbed[-1], "")) in because and above not in climbed:
        climbed.append(above)
    listed = sites if isinstance(sites, list) else []
    return any(_names(site, name) for site in listed for name in climbed)


def _names(site: Any, stream: str) -> bool:
    source, target = parse_stream(stream)
    parsed = parse_arn(target)
    if parsed is None or text_at(site, "region") not in ("", parsed.region):
        return False
    stacks, clusters, services = (_texts(site, key) for key in ("stacks", "clusters", "services"))
    if source == "stacks":
        return bool(stacks)
    if source == "stack_events":
        return _fits(target, short_name(target), stacks)
    if source == "services":
        service = parse_service_arn(target)
        cluster, name = (service.cluster, service.name) if service else ("", "")
        in_cluster = str(parsed._replace(resource=f"cluster/{cluster}"))
        return _fits(in_cluster, cluster, clusters) or _fits(target, f"{cluster}/{name}", services)
    of_services = [_cluster_of(text) for text in services]
    return _fits(target, short_name(target), [*clusters, *of_services])


def _fits(arn: str, name: str, texts: list[str]) -> bool:
    return any(arn == text or (not text.startswith("arn:") and fnmatchcase(name, text)) for text in texts)


def _cluster_of(service: str) -> str:
    parsed = parse_service_arn(service)
    return parsed.cluster if parsed else service.partition("/")[0]


def _texts(site: Any, key: str) -> list[str]:
    listed = value_at(site, key)
    return [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
