"""Which fields of which records may be told, and how: a field that is not here is left out."""

from enum import Enum
from typing import TypeAlias

from forensics.model import record as facts


class How(Enum):
    """What becomes of a field."""

    WORD = "status, type or code: stays where it is one"
    TIME = "time: stays"
    NUMBER = "number, true or false: stays"
    RANGES = "numbers of streams: stay"
    ID = "id that AWS gives: stays"
    PUBLIC = "name of a stack, service or resource: stays, strict hides it"
    NAME = "any other name: hidden"
    ARN = "ARN: account and names hidden"
    IMAGE = "image: account and private registry hidden"
    TEXT = "free text: all but known words hidden"
    VALUES = "values: every leaf hidden unless harmless"
    JSON = "values as JSON in a text: every leaf hidden unless harmless"
    EVENT_ID = "key of a stack's event: the name in it as such names are"
    REQUEST = "request token: stays where it is an id"
    REVISION = "family and revision: the name as such names are"
    GROUP = "what a task belongs to: the name as such names are"
    STARTER = "who started a task: a deployment stays, a person is hidden"
    STREAM = "stream: the target as targets are"
    SITE = "profile and region: the profile hidden"
    REGION = "region or zone: stays"
    NAMED = "pairs of name and value: the name a word, the value by it"


Fields: TypeAlias = "dict[str, How | Fields]"
"""By field: what becomes of it, or the fields inside, of one object or of each in a list."""

W, T, N, ID, P, A, X, V = How.WORD, How.TIME, How.NUMBER, How.ID, How.PUBLIC, How.ARN, How.TEXT, How.VALUES

_STACK: Fields = {
    "StackId": A, "StackName": P, "ChangeSetId": A, "CreationTime": T, "LastUpdatedTime": T,
    "DeletionTime": T,
    "StackStatus": W, "StackStatusReason": X, "DetailedStatus": W, "ParentId": A, "RootId": A,
    "DisableRollback": N, "EnableTerminationProtection": N, "RetainExceptOnCreate": N, "DeletionMode": W,
    "TimeoutInMinutes": N, "Capabilities": W, "NotificationARNs": A, "RoleARN": A,
    "Description": V, "TemplateDescription": V, "Parameters": V, "Outputs": V, "Tags": V,
    "DriftInformation": {"StackDriftStatus": W, "LastCheckTimestamp": T},
    "LastOperations": {"OperationType": W, "OperationId": ID},
    "DeploymentConfig": {"Mode": W, "DisableRollback": N},
    "RollbackConfiguration": {"MonitoringTimeInMinutes": N, "RollbackTriggers": {"Arn": A, "Type": W}},
}  # fmt: skip

_STACK_EVENT: Fields = {
    "StackId": A, "EventId": How.EVENT_ID, "StackName": P, "OperationId": ID, "LogicalResourceId": P,
    "PhysicalResourceId": How.NAME, "ResourceType": W, "Timestamp": T, "ResourceStatus": W,
    "ResourceStatusReason": X, "ResourceProperties": How.JSON, "ClientRequestToken": How.REQUEST,
    "DetailedStatus": W, "HookType": W, "HookStatus": W, "HookStatusReason": X, "HookInvocationPoint": W,
    "HookInvocationId": ID, "HookFailureMode": W, "OperationType": W, "OperationStatus": W, "EventType": W,
    "StartTime": T, "EndTime": T, "ValidationName": W, "ValidationStatus": W, "ValidationStatusReason": X,
    "ValidationPath": X, "ValidationFailureMode": W,
}  # fmt: skip

_NETWORK: Fields = {
    "awsvpcConfiguration": {"subnets": How.NAME, "securityGroups": How.NAME, "assignPublicIp": W}
}
_BALANCERS: Fields = {
    "targetGroupArn": A, "loadBalancerName": How.NAME, "containerName": P, "containerPort": N,
    "advancedConfiguration": V,
}  # fmt: skip
_CAPACITY: Fields = {"capacityProvider": P, "weight": N, "base": N}
_PLACEMENT: Fields = {"type": W, "field": W, "expression": X}
_CONFIGURATION: Fields = {
    "deploymentCircuitBreaker": {
        "enable": N, "rollback": N, "thresholdConfiguration": {"type": W, "value": N},
        "resetOnHealthyTask": N,
    },
    "maximumPercent": N, "minimumHealthyPercent": N, "strategy": W, "bakeTimeInMinutes": N,
    "alarms": {"alarmNames": How.NAME, "enable": N, "rollback": N},
    "lifecycleHooks": {"hookTargetArn": A, "roleArn": A, "lifecycleStages": W},
    "linearConfiguration": {"stepPercent": N, "stepBakeTimeInMinutes": N},
    "canaryConfiguration": {"canaryPercent": N, "canaryBakeTimeInMinutes": N},
}  # fmt: skip

_DEPLOYMENT: Fields = {
    "id": ID, "status": W, "taskDefinition": A, "desiredCount": N, "pendingCount": N, "runningCount": N,
    "failedTasks": N, "createdAt": T, "updatedAt": T, "launchType": W, "platformVersion": W,
    "platformFamily": W,
    "networkConfiguration": _NETWORK, "rolloutState": W, "rolloutStateReason": X,
    "capacityProviderStrategy": _CAPACITY,
}  # fmt: skip

_SERVICE: Fields = {
    "serviceArn": A, "serviceName": P, "clusterArn": A, "status": W, "desiredCount": N, "runningCount": N,
    "pendingCount": N, "launchType": W, "platformVersion": W, "platformFamily": W, "taskDefinition": A,
    "deploymentConfiguration": _CONFIGURATION, "deployments": _DEPLOYMENT, "roleArn": A, "createdAt": T,
    "createdBy": A, "networkConfiguration": _NETWORK, "schedulingStrategy": W,
    "deploymentController": {"type": W}, "enableECSManagedTags": N, "propagateTags": W,
    "enableExecuteCommand": N, "healthCheckGracePeriodSeconds": N, "loadBalancers": _BALANCERS,
    "serviceRegistries": {"registryArn": A, "port": N, "containerName": P, "containerPort": N},
    "placementConstraints": _PLACEMENT, "placementStrategy": _PLACEMENT,
    "capacityProviderStrategy": _CAPACITY,
    "availabilityZoneRebalancing": W, "resourceManagementType": W, "tags": V,
    "currentServiceDeployment": A, "currentServiceRevisions": {
        "arn": A, "requestedTaskCount": N, "runningTaskCount": N, "pendingTaskCount": N,
    },
}  # fmt: skip

_REVISION: Fields = {"arn": A, "requestedTaskCount": N, "runningTaskCount": N, "pendingTaskCount": N}
_SERVICE_DEPLOYMENT: Fields = {
    "serviceDeploymentArn": A, "serviceArn": A, "clusterArn": A, "createdAt": T, "startedAt": T,
    "finishedAt": T, "stoppedAt": T, "updatedAt": T, "sourceServiceRevisions": _REVISION,
    "targetServiceRevision": _REVISION, "targetServiceRevisionArn": A, "status": W, "statusReason": X,
    "lifecycleStage": W, "deploymentConfiguration": _CONFIGURATION,
    "rollback": {"reason": X, "startedAt": T, "serviceRevisionArn": A},
    "deploymentCircuitBreaker": {"status": W, "failureCount": N, "threshold": N},
    "alarms": {"status": W, "alarmNames": How.NAME, "triggeredAlarmNames": How.NAME},
    "lifecycleHookDetails": {
        "hookName": How.NAME, "targetArn": A, "status": W, "timeoutAt": T, "lifecycleStage": W,
    },
}  # fmt: skip

_CONTAINER: Fields = {
    "containerArn": A, "taskArn": A, "name": P, "image": How.IMAGE, "imageDigest": ID, "runtimeId": ID,
    "lastStatus": W, "exitCode": N, "reason": X, "healthStatus": W, "cpu": N, "memory": N,
    "memoryReservation": N, "networkBindings": {"containerPort": N, "hostPort": N, "protocol": W,
    "bindIP": How.NAME},
    "networkInterfaces": {"attachmentId": ID, "privateIpv4Address": How.NAME, "ipv6Address": How.NAME},
    "managedAgents": {"lastStartedAt": T, "name": W, "reason": X, "lastStatus": W},
}  # fmt: skip
_TASK: Fields = {
    "taskArn": A, "clusterArn": A, "taskDefinitionArn": A, "containerInstanceArn": A, "group": How.GROUP,
    "startedBy": How.STARTER, "attachments": {"id": ID, "type": W, "status": W, "details": How.NAMED},
    "attributes": How.NAMED, "availabilityZone": How.REGION, "capacityProviderName": P, "connectivity": W,
    "connectivityAt": T, "containers": _CONTAINER, "cpu": N, "memory": N, "createdAt": T, "desiredStatus": W,
    "enableExecuteCommand": N, "executionStoppedAt": T, "healthStatus": W, "lastStatus": W, "launchType": W,
    "overrides": V, "platformFamily": W, "platformVersion": W, "pullStartedAt": T, "pullStoppedAt": T,
    "startedAt": T, "stopCode": W, "stoppedAt": T, "stoppedReason": X, "stoppingAt": T, "tags": V,
    "version": N,
    "ephemeralStorage": {"sizeInGiB": N}, "fargateEphemeralStorage": {"sizeInGiB": N, "kmsKeyId": A},
}  # fmt: skip

_DEFINED: Fields = {
    "name": P, "image": How.IMAGE, "cpu": N, "memory": N, "memoryReservation": N, "essential": N,
    "portMappings": {"containerPort": N, "hostPort": N, "protocol": W, "name": P, "appProtocol": W},
    "environment": V, "environmentFiles": V, "secrets": V, "command": V, "entryPoint": V, "links": V,
    "mountPoints": V, "volumesFrom": V, "dockerLabels": V, "ulimits": V, "systemControls": V, "user": V,
    "workingDirectory": V, "hostname": V, "dnsServers": V, "extraHosts": V, "repositoryCredentials": V,
    "linuxParameters": V, "firelensConfiguration": V, "resourceRequirements": V, "credentialSpecs": V,
    "dependsOn": {"containerName": P, "condition": W}, "startTimeout": N, "stopTimeout": N, "privileged": N,
    "readonlyRootFilesystem": N, "interactive": N, "pseudoTerminal": N, "versionConsistency": W,
    "healthCheck": {"command": V, "interval": N, "timeout": N, "retries": N, "startPeriod": N},
    "logConfiguration": {"logDriver": W, "options": V, "secretOptions": V},
    "restartPolicy": {"enabled": N, "ignoredExitCodes": N, "restartAttemptPeriod": N},
}  # fmt: skip
_TASK_DEFINITION: Fields = {
    "taskDefinitionArn": A, "containerDefinitions": _DEFINED, "family": P, "taskRoleArn": A,
    "executionRoleArn": A, "networkMode": W, "revision": N, "volumes": V, "status": W,
    "requiresAttributes": {"name": W}, "placementConstraints": _PLACEMENT, "compatibilities": W,
    "requiresCompatibilities": W, "cpu": N, "memory": N, "registeredAt": T, "deregisteredAt": T,
    "registeredBy": A, "pidMode": W, "ipcMode": W, "proxyConfiguration": V,
    "runtimePlatform": {"cpuArchitecture": W, "operatingSystemFamily": W},
    "ephemeralStorage": {"sizeInGiB": N}, "enableFaultInjection": N,
}  # fmt: skip
_WITH_TAGS: Fields = {**_TASK_DEFINITION, "taskDefinition": _TASK_DEFINITION, "tags": V}

_SITES: Fields = {
    "label": How.SITE, "region": How.REGION, "account": How.NAME, "profile": How.NAME, "stacks": P,
    "clusters": P,
    "services": P,
}  # fmt: skip

FIELDS: dict[str, Fields] = {
    "aws.cloudformation.stack_event": _STACK_EVENT,
    "aws.cloudformation.stack": _STACK,
    "aws.cloudformation.stack_description": _STACK,
    "aws.ecs.service_event": {"id": ID, "createdAt": T, "message": X},
    "aws.ecs.service": _SERVICE,
    "aws.ecs.deployment": _DEPLOYMENT,
    "aws.ecs.service_deployment": _SERVICE_DEPLOYMENT,
    "aws.ecs.task_definition": _WITH_TAGS,
    "aws.ecs.task": _TASK,
    facts.STREAM: {"number": N, "stream": How.STREAM, "opened_because": X, "ended_because": X},
    facts.POLL: {"streams": How.STREAM, "from": T, "to": T, "facts": N, "calls": N},
    facts.COVERAGE: {
        "from": T, "to": T, "streams": How.RANGES, "vouched": How.RANGES,
        "polls": N, "calls": N,
    },
    facts.GAP: {
        "stream": How.STREAM, "from": T, "to": T, "reason": W, "kind": W, "lower_bound": N, "detail": X,
    },
    facts.RUN: {
        "phase": W, "until": W, "redact": W,
        "reason": W, "coverage_s": N, "pid": N, "polls": N, "calls": N, "gaps": N,
        "open_gaps": N, "sites": _SITES,
    },
    facts.IDENTITY: {
        "site": How.SITE, "account": How.NAME, "arn": A, "source": W, "region": How.REGION, "expires_at": T,
    },
    facts.CREDENTIALS: {
        "site": How.SITE, "region": How.REGION, "account": How.NAME, "state": W, "source": X, "expires_at": T,
        "works": N, "command": X, "detail": X, "left_s": N,
    },
    facts.RECOVERY: {"segment": N, "cut_bytes": N, "quarantined_as": X},
    facts.REPAIR: {
        "archive_id": ID, "verdict": W, "head": How.NAME, "records": N, "lost": N,
        "ranges": {"first_seq": N, "last_seq": N, "now_from": N},
    },
    facts.RETENTION: {
        "segment": N, "seq": N, "records": N, "size_bytes": N, "sha256": How.NAME, "seal": How.NAME,
        "because": X,
        "removed": {"segments": N, "records": N, "size_bytes": N},
    },
    facts.REFUSAL: {
        "stream": How.STREAM, "operation": X, "action": X, "code": W, "message": X, "optional": N,
    },
    facts.CLOCK: {"before": T, "after": T, "jumped_s": N},
    facts.UNDECODABLE: {
        "stream": How.STREAM, "operation": X, "body_bytes": N, "is_cut": N, "reason": X, "type": W,
        "size_bytes": N, "sha256": How.NAME,
    },
    facts.COMMAND: {"phase": W, "at": T, "exit_code": N, "signal": N, "argv0": How.NAME},
    facts.IMPORT: {"files": {"name": How.NAME, "documents": N}, "facts": N, "notes": X},
}  # fmt: skip
"""By the record's type."""
