"""Rules for how an operation went: custom resources, nested stacks, waiting, undoing."""

from forensics.analysis.rules.rule import CLOUDFORMATION_GUIDE, NEAR, SOME, Rule

_TROUBLE = f"{CLOUDFORMATION_GUIDE}/troubleshooting.html"

RULES = (
    Rule(
        id="custom-resource-silent",
        category="custom-resource-timeout",
        title="The custom resource never answered",
        cause="The function behind the custom resource sent no answer to CloudFormation.",
        names="Its request is {request}.",
        remedy="Find the request in the function's log; it must answer on errors too, and needs a "
        "path to S3.",
        docs=f"{CLOUDFORMATION_GUIDE}/template-custom-resources.html",
        confidence=0.96,
        pattern=rf"did not receive a response from your Custom Resource{NEAR}\[(?P<request>[\w-]+)\]"
        r"|did not receive a response from your Custom Resource|Custom Resource failed to stabilize",
    ),
    Rule(
        id="custom-resource-failed",
        category="custom-resource-failed",
        title="The custom resource reports a failure",
        cause="The function behind the custom resource answered FAILED with this message.",
        names="It says: {said}.",
        remedy="Read the function's log for the request that the message names.",
        docs=f"{CLOUDFORMATION_GUIDE}/template-custom-resources.html",
        confidence=0.95,
        pattern=r"Received response status \[FAILED\] from custom resource\.(?: Message returned: "
        r"(?P<said>[^\n(]+?)[\s.]*(?:\(|$))?|Vendor response doesn't contain",
    ),
    Rule(
        id="custom-resource-wrong",
        category="custom-resource-failed",
        title="The custom resource's answer cannot be used",
        cause="The function behind the custom resource failed, or answered what CloudFormation cannot read.",
        remedy="Read the function's log; its answer must be JSON of at most 4096 bytes with an "
        "object as Data.",
        docs=f"{CLOUDFORMATION_GUIDE}/template-custom-resources.html",
        confidence=0.85,
        pattern=r".",
        resource=r"Custom::|AWS::CloudFormation::CustomResource",
    ),
    Rule(
        id="embedded-stack-failed",
        category="nested-stack",
        title="A nested stack failed",
        cause="A nested stack failed; its own events say why.",
        names="It is {child}.",
        remedy="Read that stack's events by its ARN; they stay readable for 90 days.",
        docs=f"{CLOUDFORMATION_GUIDE}/using-cfn-nested-stacks.html",
        confidence=0.6,
        pattern=rf"Embedded stack (?P<child>arn:[\w-]+:\w+:[\w-]+:\d+:stack/\S+)? ?{SOME}"
        r"(?:was|were) not successfully",
        checks=("aws cloudformation describe-stack-events --stack-name {child}",),
    ),
    Rule(
        id="rollback-failed",
        category="rollback-failed",
        title="The rollback itself failed",
        cause="CloudFormation could not undo the operation; the stack stays where it is until somebody acts.",
        remedy="Repair what the failed resource needs, then continue the rollback "
        "(aws cloudformation continue-update-rollback), skipping what cannot be repaired.",
        docs=f"{CLOUDFORMATION_GUIDE}/using-cfn-updating-stacks-continueupdaterollback.html",
        confidence=0.9,
        pattern=r"(?:UPDATE_)?ROLLBACK_FAILED state",
        checks=("aws cloudformation describe-stack-resources --stack-name {stack}",),
    ),
    Rule(
        id="stack-needs-repair",
        category="rollback-failed",
        title="The stack's state takes no update",
        cause="An earlier operation on the stack failed; in the state that it left no update is possible.",
        names="Its state is {state}.",
        remedy="Delete a stack in ROLLBACK_COMPLETE; mend and delete one in DELETE_FAILED; then deploy anew.",
        docs=_TROUBLE,
        confidence=0.88,
        pattern=r"is in (?P<state>ROLLBACK_COMPLETE|ROLLBACK_FAILED|DELETE_FAILED|CREATE_FAILED) state"
        r" and can ?not be",
        checks=("aws cloudformation describe-stack-events --stack-name {stack}",),
    ),
    Rule(
        id="nothing-to-change",
        category="unknown",
        title="There is nothing to change",
        cause="The template and the parameters are those that are deployed: AWS made no change.",
        remedy="None, if no change was meant; else look whether the new template or image got this far.",
        docs=_TROUBLE,
        confidence=0.9,
        pattern=r"No updates are to be performed|did ?n[o']t contain changes",
    ),
    Rule(
        id="signals-missing",
        category="timeout-not-stabilized",
        title="The expected signals did not come",
        cause="Instances or handlers did not signal success within the time the template gives.",
        remedy="Read the instances' start log (cfn-init, cloud-init); lengthen the timeout if it "
        "works slowly.",
        docs=_TROUBLE,
        confidence=0.92,
        pattern=r"Failed to receive \d+ resource signal|WaitCondition (?:timed out|received)"
        r"|Received \d+ (?:SUCCESS|FAILURE) signal",
    ),
    Rule(
        id="not-stabilised",
        category="timeout-not-stabilized",
        title="The resource did not become ready in time",
        cause="CloudFormation waited for the resource to become ready and gave up.",
        remedy="Look at the resource itself in its own service: its state says what it waits for.",
        docs=_TROUBLE,
        confidence=0.72,
        pattern=r"did not stabilize|failed to stabilize|HandlerErrorCode: NotStabilized|Exceeded "
        r"attempts to wait"
        r"|timed? ?out (?:waiting|on)|timeout|WAITING state|failed to communicate|transitioned to Severe",
    ),
    Rule(
        id="delete-failed",
        category="resource-in-use",
        title="Resources could not be deleted",
        cause="CloudFormation could not delete some of the stack's resources.",
        remedy="Delete what they hold or what holds them, then delete the stack again.",
        docs=_TROUBLE,
        confidence=0.6,
        pattern=r"resource\(s\) failed to delete",
    ),
    Rule(
        id="internal-failure",
        category="unknown",
        title="AWS reports an internal failure",
        cause="AWS gives no reason but an internal failure.",
        remedy="Deploy again; CloudTrail may hold the call that failed.",
        docs=_TROUBLE,
        confidence=0.4,
        pattern=r"Internal Failure|HandlerErrorCode: (?:InternalFailure|ServiceInternalError|"
        r"HandlerInternalFailure|GeneralServiceException)|Internal error|Status Code: 5\d\d",
        checks=(
            "aws cloudtrail lookup-events --lookup-attributes "
            "AttributeKey=EventSource,AttributeValue=cloudformation.amazonaws.com",
        ),
    ),
)
