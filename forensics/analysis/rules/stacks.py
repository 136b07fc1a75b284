"""Rules for what a template asks and CloudFormation or a service refuses."""

from forensics.analysis.rules.rule import CLOUDFORMATION_GUIDE, NEAR, SOME, STACK_FAILURES, Rule

_TROUBLE = f"{CLOUDFORMATION_GUIDE}/troubleshooting.html"

RULES = (
    Rule(
        id="nested-stack-parameters",
        category="validation-template",
        title="The nested stack's parameters do not fit its template",
        cause="The parent gives a nested stack parameters that its template lacks, or leaves out some.",
        names="They are {parameters}.",
        remedy="Compare the parent's Parameters with those that the nested template declares.",
        docs=_TROUBLE,
        confidence=0.93,
        pattern=r"Parameters: \[(?P<parameters>[^\]]+)\] (?:must have values|do not exist in "
        r"the template)",
        fitted=True,
    ),
    Rule(
        id="early-validation-property",
        category="validation-template",
        title="A property does not pass the check before deployment",
        cause="CloudFormation checked the template before deploying and found a property that does not fit.",
        remedy="Correct the property at the path that the text names.",
        docs=f"{CLOUDFORMATION_GUIDE}/validate-stack-deployments.html",
        confidence=0.93,
        pattern=r"^PROPERTY_VALIDATION\b",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="early-validation-name",
        category="resource-already-exists",
        title="A name is already taken, as the check before deployment found",
        cause="CloudFormation checked names before deploying: something of that name is already there.",
        remedy="Delete or import the old one, or let CloudFormation choose the name.",
        docs=f"{CLOUDFORMATION_GUIDE}/validate-stack-deployments.html",
        confidence=0.93,
        pattern=r"^\w*NAME_CONFLICT\w*\b",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="early-validation-bucket",
        category="resource-in-use",
        title="A bucket that would be deleted is not empty",
        cause="CloudFormation checked before deploying: a bucket that the change deletes holds objects.",
        remedy="Empty the bucket, or keep it with DeletionPolicy Retain.",
        docs=f"{CLOUDFORMATION_GUIDE}/validate-stack-deployments.html",
        confidence=0.93,
        pattern=r"^\w*BUCKET_EMPTINESS\w*\b",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="template-invalid",
        category="validation-template",
        title="The template or a property's shape is invalid",
        cause="A property does not fit the resource type's schema, or the template is malformed.",
        remedy="Correct the property that the text names; validate with cfn-lint before deploying.",
        docs=_TROUBLE,
        confidence=0.88,
        pattern=r"Properties validation failed|Model validation failed|Template format error"
        r"|Template error(?!: IAM)|TemplateURL must|Circular dependency|Requires capabilities"
        r"|Invalid template (?:resource )?property|Transform \S+ failed"
        r"|Property \w+ cannot be empty|must be of type (?:List|String|Map|Number|Boolean)"
        r"|extraneous key|required key \[|Encountered unsupported property|Unresolved resource dependencies"
        r"|Template validation error|schema violations? found",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="already-exists",
        category="resource-already-exists",
        title="Something of that name already exists",
        cause="A resource with this name is already there, outside the stack or left from an earlier one.",
        remedy="Delete or import the old one, or let CloudFormation choose the name.",
        docs=_TROUBLE,
        confidence=0.92,
        pattern=r"already exists|AlreadyExists|EntityAlreadyExists|BucketAlreadyOwnedByYou|is already in use"
        r"|has already been created|InvalidGroup\.Duplicate|Duplicate\w*Exception|already associated"
        rf"|already scheduled for deletion|with the same name {SOME}exists|name {SOME}is already taken"
        r"|Priority '\d+' is (?:currently )?in use",
    ),
    Rule(
        id="name-exists",
        category="resource-already-exists",
        title="Something like it already exists",
        cause="The service says that what should be made exists.",
        remedy="Read the text: it names what exists; delete or import that, or change what is made.",
        docs=_TROUBLE,
        confidence=0.6,
        pattern=r"\bexists\b",
    ),
    Rule(
        id="quota-exceeded",
        category="quota-exceeded",
        title="A quota of the account is reached",
        cause="The account may have no more of these.",
        remedy="Delete what nothing uses, or ask for a higher quota.",
        docs="https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html",
        confidence=0.93,
        pattern=rf"maximum number of {NEAR} (?:has been |is |was )?(?:reached|exceeded)|limited to \d+"
        r"|LimitExceeded"
        r"|You.ve reached the limit|above your limit|QuotaExceeded|vCPU limit|more \w+ than allowed"
        rf"|exceed(?:s|ed)? {NEAR}quota|quota {NEAR}exceeded|reached (?:its|the|your) (?:limit|quota)"
        r"|UnreservedConcurrentExecution below|may not exceed \d+|greater than (?:the )?maximum allowed",
        checks=("aws service-quotas list-service-quotas --service-code {service_code}",),
    ),
    Rule(
        id="limit-exceeded",
        category="quota-exceeded",
        title="A limit is exceeded",
        cause="Something is larger, or there are more of it, than AWS allows; not every limit can be raised.",
        remedy="Look up the limit that the text names: make what it counts smaller, or ask for more.",
        docs="https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html",
        confidence=0.76,
        pattern=rf"\blimit\b{NEAR}exceeded|exceed(?:s|ed)? {NEAR}limit|limit of \d+|Too many (?!Requests)",
    ),
    Rule(
        id="throttled",
        category="throttled",
        title="AWS limits the rate of calls",
        cause="The service answered that calls come too fast.",
        remedy="Deploy again; make the stack change less at once (DependsOn), and reduce other callers.",
        docs=_TROUBLE,
        confidence=0.92,
        pattern=r"Rate exceeded|Throttling|TooManyRequests|HandlerErrorCode: Throttling|RequestLimitExceeded",
    ),
    Rule(
        id="export-in-use",
        category="export-in-use",
        title="Another stack uses the export",
        cause="An export cannot be changed or removed while another stack imports it.",
        names="The export is {export}.",
        remedy="Make the importing stack let go first, then change the export.",
        docs=f"{CLOUDFORMATION_GUIDE}/using-cfn-stack-exports.html",
        confidence=0.97,
        pattern=r"Export (?P<export>\S+) cannot be (?:deleted|updated) as it is in use|cannot be "
        r"deleted as it is "
        r"in use by",
        checks=("aws cloudformation list-imports --export-name {export}",),
    ),
    Rule(
        id="export-name-taken",
        category="resource-already-exists",
        title="The export's name is taken",
        cause="Another stack in the region already exports a value under this name.",
        remedy="Give the export another name.",
        docs=f"{CLOUDFORMATION_GUIDE}/using-cfn-stack-exports.html",
        confidence=0.94,
        pattern=rf"Export with name {SOME} is already exported by stack",
    ),
    Rule(
        id="in-use",
        category="resource-in-use",
        title="Something still uses the resource",
        cause="The resource cannot be deleted or changed while something else holds on to it.",
        remedy="Remove what uses it (network interfaces, objects, attachments, protection), then try again.",
        docs=_TROUBLE,
        confidence=0.88,
        pattern=r"has (?:a )?dependen(?:t|cy) object|DependencyViolation|is in use by|currently in use"
        r"|is not empty|not empty|BucketNotEmpty|ResourceInUse|still (?:in use|has)|deletion protection"
        r"|replicated function|cannot be deleted|mapped public address|HandlerErrorCode: ResourceConflict"
        r"|not in an? (?:\w+ )?state\b|Termination ?Protection",
    ),
    Rule(
        id="not-found",
        category="resource-not-found",
        title="Something that is referred to does not exist",
        cause="The template refers to something that is not there, in this account and region.",
        remedy="Create it first, or correct its name, id, account or region.",
        docs=_TROUBLE,
        confidence=0.79,
        pattern=r"does ?n[o']t exist|No export named|\bnot found\b|NotFoundException|can ?not be found"
        r"|could not be found|\bNo \w[\w ]{2,40} registered\b",
    ),
    Rule(
        id="replacement-needed",
        category="update-requires-replacement",
        title="The change needs a new resource",
        cause="This property cannot be changed in place, and CloudFormation cannot replace the resource as "
        "the template stands.",
        remedy="Give the resource a new logical id or drop its fixed name, so that a new one can be made.",
        docs=f"{CLOUDFORMATION_GUIDE}/using-cfn-updating-stacks-update-behaviors.html",
        confidence=0.93,
        pattern=rf"Update to resource type {SOME} is not supported|NotUpdatable|requires changing"
        r"|cannot update a stack when a custom-named resource requires replacing|requires replac"
        rf"|Updates? (?:to|of|are|is) {NEAR}not (?:supported|allowed)|create-only propert",
    ),
    Rule(
        id="opensearch-domain",
        category="opensearch-specific",
        title="The search domain failed",
        cause="The OpenSearch or Elasticsearch domain did not come up as asked.",
        remedy="Check the instance type, zone awareness against the subnets, storage and access policy.",
        docs="https://docs.aws.amazon.com/opensearch-service/latest/developerguide/handling-errors.html",
        confidence=0.94,
        pattern=r".",
        resource=r"AWS::(?:OpenSearchService|Elasticsearch|OpenSearchServerless)::",
    ),
    Rule(
        id="database-refuses",
        category="database-specific",
        title="The database service refuses the settings",
        cause="The engine, its version, its class or its parameters do not fit together.",
        remedy="List what the service offers for that engine and correct the template.",
        docs="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Troubleshooting.html",
        confidence=0.9,
        pattern=r"Cannot find version|DB engine|DBParameterGroup|engine version|Cannot upgrade|not a "
        r"valid password"
        r"|MasterUser(?:name|Password)|InvalidDBInstanceState|snapshot identifier",
        resource=r"AWS::(?:RDS|DocDB|Neptune|Redshift)::",
        checks=("aws rds describe-db-engine-versions --output table",),
    ),
    Rule(
        id="schedule-absent",
        category="schedule-missing-or-disabled",
        title="The schedule does not exist, or is off",
        cause="A schedule that should start the work is missing or disabled.",
        remedy="Create it anew, or enable it.",
        docs="https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html",
        confidence=0.94,
        pattern=r"Schedule (?P<schedule>[\w.-]+) (?:in group \S+ )?does not exist"
        rf"|schedule {NEAR}(?:is )?disabled",
        checks=("aws scheduler get-schedule --name {schedule}",),
        fitted=True,
    ),
    Rule(
        id="invalid-image-layers",
        category="invalid-parameter",
        title="The function's image cannot be used",
        cause="Lambda cannot read the image's layers.",
        remedy="Build the image in a format that Lambda takes (no provenance attestations, one platform).",
        docs="https://docs.aws.amazon.com/lambda/latest/dg/images-create.html",
        confidence=0.9,
        pattern=r"InvalidImage\(|UnsupportedImageLayer",
        fitted=True,
    ),
    Rule(
        id="parameter-invalid",
        category="invalid-parameter",
        title="A parameter of the stack is invalid",
        cause="A value that was given to the stack does not pass the check of its parameter.",
        names="The parameter is {parameter}.",
        remedy="Give an existing value of the parameter's type.",
        docs=f"{CLOUDFORMATION_GUIDE}/parameters-section-structure.html",
        confidence=0.92,
        pattern=rf"Parameter validation failed|parameter value {SOME} for parameter name (?P<parameter>\w+)"
        r" does not exist|Parameter '?\w+'? (?:must|failed)",
    ),
    Rule(
        id="invalid-value",
        category="invalid-parameter",
        title="A value is not allowed",
        cause="The service does not take a value that the template gives.",
        remedy="Correct the property that the text names.",
        docs=_TROUBLE,
        confidence=0.77,
        pattern=r"Invalid (?:value|parameter|request|principal|\w+Id)"
        r"|InvalidParameter|ValidationE(?:rror|xception)|validation error detected|is not (?:a "
        r")?valid|must be "
        r"|MalformedPolicy|cannot (?:contain|have|be|exceed)|does not support|not supported|Malformed"
        r"|name or port changed"
        r"|is invalid|must (?:not|match|have|contain|specify)|Invalid\w*Exception|should be|can only"
        r"|failed to satisfy constraint|requires property|does not match|missing required|is required\b",
    ),
    Rule(
        id="general-client-error",
        category="invalid-parameter",
        title="The service refuses the request",
        cause="The service answered that the request is wrong.",
        remedy="Read the message: it is the service's own.",
        docs=_TROUBLE,
        confidence=0.5,
        pattern=r"Status Code: 400",
    ),
)
