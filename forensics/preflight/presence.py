"""What to ask AWS to learn whether a named thing exists."""

from collections.abc import Iterator

import msgspec

from forensics.aws.door import Door
from forensics.capture.selection import Wanted, is_arn, is_glob
from forensics.errors import NotFound
from forensics.model.identity import parse_service_arn
from forensics.model.record import JsonObject


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask about one named thing."""

    thing: str
    """Such as ``stack shop``."""
    operation: str
    parameters: JsonObject

    def answer(self, door: Door) -> JsonObject:
        """Return what AWS says of the thing.

        Raises:
            NotFound: It does not exist.
            AwsError: It could not be asked about.
        """
        said = door.call(self.operation, **self.parameters).values()
        # DescribeServices reports what it does not find beside the answer, not as an error.
        if said.get("failures"):
            raise NotFound(f"{self.thing} does not exist in {door.region}", operation=self.operation)
        return said


def questions(wanted: Wanted) -> Iterator[Question]:
    """Yield a question for each thing that is named without a glob."""
    for stack in wanted.stacks:
        if not is_glob(stack):
            parameters: JsonObject = {"StackName": stack}
            yield Question(
                thing=f"stack {stack}", operation="cloudformation:DescribeStacks", parameters=parameters
            )
    for cluster in wanted.clusters:
        if not is_glob(cluster):
            parameters = {"cluster": cluster, "desiredStatus": "STOPPED", "maxResults": 1}
            yield Question(thing=f"cluster {cluster}", operation="ecs:ListTasks", parameters=parameters)
    for service in wanted.services:
        if not is_glob(service):
            named = parse_service_arn(service) if is_arn(service) else None
            cluster, _, name = (named.cluster, "", service) if named else service.partition("/")
            parameters = {"cluster": cluster, "services": [name]}
            yield Question(
                thing=f"service {service}", operation="ecs:DescribeServices", parameters=parameters
            )
