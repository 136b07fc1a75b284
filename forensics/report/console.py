"""Addresses of the AWS console for what a diagnosis names."""

import re
from urllib.parse import quote

from forensics.model.identity import Arn, parse_arn, parse_service_arn

_REGION = re.compile(r"[a-z0-9-]+")
_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def stack_address(arn: str) -> str | None:
    """Return where the console shows a stack's events; None where the text is no ARN of one."""
    parsed = parse_arn(arn)
    base = _base(parsed) if parsed and parsed.service == "cloudformation" else None
    if base is None or parsed is None:
        return None
    region = parsed.region
    return f"{base}/cloudformation/home?region={region}#/stacks/events?stackId={quote(arn, safe='')}"


def service_address(arn: str) -> str | None:
    """Return where the console shows a service; None where the text does not name its cluster."""
    service = parse_service_arn(arn)
    base = _base(service.arn) if service and service.cluster else None
    if base is None or service is None:
        return None
    cluster, name = quote(service.cluster, safe=""), quote(service.name, safe="")
    return f"{base}/ecs/v2/clusters/{cluster}/services/{name}/deployments?region={service.arn.region}"


def _base(arn: Arn) -> str | None:
    domain = _DOMAINS.get(arn.partition)
    if domain is None or not _REGION.fullmatch(arn.region):
        return None
    return f"https://{arn.region}.{domain}"
