"""Which streams a reader asked for."""

from collections.abc import Callable, Mapping

import msgspec

from forensics.analysis.coverage_trace import Trace
from forensics.analysis.wording import short_name
from forensics.model.identity import parse_service_arn, parse_stream


class StreamSelection(msgspec.Struct, frozen=True, kw_only=True):
    """Names of things and streams; any of them will do, and none means all.

    Names match whole names or ARNs without regard to case. A thing stands for all that it led to.
    """

    stacks: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    """``SOURCE TARGET``, or a source: these streams alone."""

    def over(self, traces: Mapping[str, Trace]) -> Callable[[Trace], bool]:
        """Return what tells whether a stream was asked for.

        Args:
            traces: Every stream there is, by its text.
        """
        if not (self.stacks or self.clusters or self.services or self.streams):
            return lambda _trace: True

        def takes(trace: Trace) -> bool:
            climbed = [trace.stream]
            while (above := traces[climbed[-1]].because) in traces and above not in climbed:
                climbed.append(above)
            names = {trace.stream, trace.stream.partition(" ")[0]}
            return _match(names, self.streams) or any(map(self._names, climbed))

        return takes

    def _names(self, stream: str) -> bool:
        source, target = parse_stream(stream)
        wanted = {
            "stack_events": self.stacks,
            "services": self.services,
            "stopped_tasks": self.clusters,
        }.get(source, ())
        names = {target, short_name(target)}
        service = parse_service_arn(target)
        if source == "services" and service is not None:
            names.add(f"{service.cluster}/{service.name}")
            cluster = str(service.arn._replace(resource=f"cluster/{service.cluster}"))
            if _match({cluster, service.cluster}, self.clusters):
                return True
        return _match(names, wanted)


def _match(names: set[str], wanted: tuple[str, ...]) -> bool:
    known = {name.casefold() for name in names if name}
    return any(name.casefold() in known for name in wanted)
