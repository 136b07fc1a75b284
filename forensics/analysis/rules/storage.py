"""Rules for volumes and disks."""

from forensics.analysis.rules.rule import DESCRIBE_TASK_DEFINITION, ECS_GUIDE, FAR, NEAR, Rule

RULES = (
    Rule(
        id="efs-mount-failed",
        category="volume-mount",
        title="The EFS file system could not be mounted",
        cause="The task could not mount its EFS volume: the folder, the name, the access or the network.",
        names="The file system is {file_system}.",
        remedy="Check that a mount target is in the task's zones, that its security group lets port 2049 in, "
        "that the VPC resolves DNS names, and that the root directory exists.",
        docs=f"{ECS_GUIDE}/efs-volumes.html",
        confidence=0.94,
        pattern=rf"(?:EFS utils|mount\.nfs4?){FAR}(?P<file_system>fs-[0-9a-z]{{6,}})|EFS utils"
        r"|mount\.nfs4?",
        checks=("aws efs describe-mount-targets --file-system-id {file_system}", DESCRIBE_TASK_DEFINITION),
    ),
    Rule(
        id="volume-mount-failed",
        category="volume-mount",
        title="A volume could not be mounted",
        cause="A volume that the container needs could not be created or mounted.",
        remedy="Check the volume's driver and source in the task definition.",
        docs=f"{ECS_GUIDE}/using_data_volumes.html",
        confidence=0.85,
        pattern=r"CannotCreateVolumeError|error while mounting volume|invalid mount config|VolumeDriver"
        rf"|attach(?:ing|ment)? {NEAR}volume|volume attachment",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="disk-full",
        category="ephemeral-storage",
        title="The disk is full",
        cause="There is no room left on the host or in the task's ephemeral storage.",
        remedy="Enlarge ephemeralStorage or the instance's volume; clean up old images.",
        docs=f"{ECS_GUIDE}/fargate-task-storage.html",
        confidence=0.96,
        pattern=rf"no space left on device|Thin Pool has {NEAR}free data blocks|disk quota exceeded",
    ),
)
