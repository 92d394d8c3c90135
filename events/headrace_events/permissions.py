"""The permission table: who may send which command. The command processor and the page of permissions read this one."""

from collections.abc import Mapping

from headrace_events import (
    annotation_words,
    api_key,
    authority,
    certificate,
    deployment,
    external_feature_group,
    feature_group,
    feature_group_clearing,
    feature_group_growth,
    feature_group_life,
    feature_group_streaming,
    feature_monitor_words,
    feature_statistics,
    feature_view,
    feature_view_life,
    feature_view_precomputing,
    identity,
    lineage_run,
    member,
    model,
    monitor,
    password,
    personal,
    quota_setting,
    readme,
    revocation_list,
    session,
    share,
    storage_connector,
    study,
    subject,
    tag_schema,
    topic,
    totp,
    training_dataset,
    training_files,
    transformation_function,
    transformation_function_life,
    user,
    validation,
)
from headrace_events import project as projects
from headrace_events.aggregates import Known
from headrace_events.errors import Archived, Forbidden, NotFound, NotReady
from headrace_events.language import Command
from headrace_events.member import Membership
from headrace_events.project import Project
from headrace_events.roles import Right, Role, holds
from headrace_events.user import Standing, User

PERMISSIONS: Mapping[type[Command], tuple[Right, str]] = {
    user.CreateFirstAdministrator: (Right.NOBODY_YET, ""),
    user.CreateUser: (Right.ADMINISTRATOR, ""),
    user.RegisterUser: (Right.ANYBODY, ""),
    user.ApproveUser: (Right.ADMINISTRATOR, ""),
    user.RejectUser: (Right.ADMINISTRATOR, ""),
    user.DeactivateUser: (Right.ADMINISTRATOR, ""),
    user.ActivateUser: (Right.ADMINISTRATOR, ""),
    user.GrantAdministrator: (Right.ADMINISTRATOR, ""),
    user.WithdrawAdministrator: (Right.ADMINISTRATOR, ""),
    personal.MakePersonalKey: (Right.SYSTEM, "api"),
    personal.DescribeUser: (Right.ANY_USER, ""),
    personal.EraseSubject: (Right.ANY_USER, ""),
    api_key.IssueApiKey: (Right.ANY_USER, ""),
    api_key.RevokeApiKey: (Right.ANY_USER, ""),
    api_key.RecordApiKeyUse: (Right.SYSTEM, "api"),
    session.StartSession: (Right.SYSTEM, "api"),
    session.ExtendSession: (Right.SYSTEM, "api"),
    session.EndSession: (Right.ANY_USER, ""),
    password.SetPassword: (Right.ANY_USER, ""),
    password.LockPassword: (Right.SYSTEM, "api"),
    password.UnlockPassword: (Right.ADMINISTRATOR, ""),
    identity.RegisterWithIdentity: (Right.ANYBODY, ""),
    identity.LinkIdentity: (Right.ANY_USER, ""),
    identity.UnlinkIdentity: (Right.ANY_USER, ""),
    totp.EnrolTotp: (Right.ANY_USER, ""),
    totp.ConfirmTotp: (Right.ANY_USER, ""),
    totp.RemoveTotp: (Right.ANY_USER, ""),
    projects.CreateProject: (Right.ANY_USER, ""),
    projects.DescribeProject: (Right.OWNER_OR_ADMINISTRATOR, ""),
    readme.WriteReadme: (Right.OWNER_OR_ADMINISTRATOR, ""),
    quota_setting.SetQuota: (Right.ADMINISTRATOR, ""),
    projects.MarkReady: (Right.SYSTEM, "provisioning"),
    projects.ArchiveProject: (Right.OWNER_OR_ADMINISTRATOR, ""),
    projects.UnarchiveProject: (Right.OWNER_OR_ADMINISTRATOR, ""),
    projects.MarkSensitive: (Right.OWNER_OR_ADMINISTRATOR, ""),
    projects.UnmarkSensitive: (Right.ADMINISTRATOR, ""),
    projects.DeleteProject: (Right.OWNER_OR_ADMINISTRATOR, ""),
    projects.MarkDeleted: (Right.SYSTEM, "provisioning"),
    member.AddMember: (Right.OWNER_OR_ADMINISTRATOR, ""),
    member.ChangeRole: (Right.OWNER_OR_ADMINISTRATOR, ""),
    member.RemoveMember: (Right.OWNER_OR_ADMINISTRATOR, ""),
    topic.CreateTopic: (Right.OWNER_OR_ADMINISTRATOR, ""),
    topic.GrantTopic: (Right.OWNER_OR_ADMINISTRATOR, ""),
    topic.ChangeTopic: (Right.OWNER_OR_ADMINISTRATOR, ""),
    topic.CloseTopic: (Right.OWNER_OR_ADMINISTRATOR, ""),
    topic.RecordTopicOpened: (Right.SYSTEM, "provisioning"),
    topic.RecordTopicChanged: (Right.SYSTEM, "provisioning"),
    share.OfferShare: (Right.OWNER, ""),
    share.AcceptShare: (Right.OWNER, ""),
    share.DeclineShare: (Right.OWNER, ""),
    share.RevokeShare: (Right.OWNER, ""),
    share.RecordShareEnforced: (Right.SYSTEM, "provisioning"),
    certificate.RequestCertificate: (Right.MEMBER_OR_ADMINISTRATOR, ""),
    certificate.RequestTrialCertificate: (Right.SYSTEM, "studies"),
    certificate.RecordCertificate: (Right.SYSTEM, "provisioning"),
    certificate.RejectCertificateRequest: (Right.SYSTEM, "provisioning"),
    certificate.RevokeCertificate: (Right.OWNER_OR_ADMINISTRATOR, ""),
    subject.RegisterSchema: (Right.MEMBER, ""),
    subject.DeleteSchema: (Right.MEMBER, ""),
    subject.PurgeSchema: (Right.OWNER, ""),
    subject.SetCompatibility: (Right.OWNER_OR_ADMINISTRATOR, ""),
    subject.SetMode: (Right.OWNER_OR_ADMINISTRATOR, ""),
    certificate.RecordCertificatesClosed: (Right.SYSTEM, "provisioning"),
    authority.RotateAuthority: (Right.ADMINISTRATOR, ""),
    authority.RecordAuthority: (Right.SYSTEM, "provisioning"),
    authority.RetireAuthority: (Right.ADMINISTRATOR, ""),
    authority.RecordAuthorityRetired: (Right.SYSTEM, "provisioning"),
    revocation_list.PublishRevocationList: (Right.SYSTEM, "provisioning"),
    feature_group.CreateFeatureGroup: (Right.OWNER, ""),
    feature_group_life.DeleteFeatureGroup: (Right.OWNER, ""),
    feature_group_clearing.ClearFeatureGroup: (Right.OWNER, ""),
    feature_group_clearing.RecordFeatureGroupCleared: (Right.SYSTEM, "provisioning"),
    feature_group_growth.AppendFeatures: (Right.OWNER, ""),
    feature_statistics.ConfigureStatistics: (Right.OWNER, ""),
    validation.SaveExpectationSuite: (Right.OWNER, ""),
    validation.DeleteExpectationSuite: (Right.OWNER, ""),
    validation.RecordValidation: (Right.OWNER, ""),
    feature_group_streaming.CreateStreamingFeatureGroup: (Right.OWNER, ""),
    feature_view.CreateFeatureView: (Right.MEMBER, ""),
    feature_view_life.DeleteFeatureView: (Right.MEMBER, ""),
    feature_view_precomputing.PrecomputeFeatureView: (Right.OWNER, ""),
    feature_view_precomputing.StopPrecomputingFeatureView: (Right.OWNER, ""),
    transformation_function.CreateTransformationFunction: (Right.MEMBER, ""),
    transformation_function_life.DeleteTransformationFunction: (Right.MEMBER, ""),
    tag_schema.CreateTagSchema: (Right.ADMINISTRATOR, ""),
    annotation_words.Describe: (Right.MEMBER, ""),
    annotation_words.ChangeKeywords: (Right.MEMBER, ""),
    annotation_words.Tag: (Right.MEMBER, ""),
    annotation_words.Untag: (Right.MEMBER, ""),
    external_feature_group.CreateExternalFeatureGroup: (Right.OWNER, ""),
    external_feature_group.DeleteExternalFeatureGroup: (Right.OWNER, ""),
    storage_connector.CreateStorageConnector: (Right.OWNER, ""),
    storage_connector.SetConnectorSecret: (Right.OWNER, ""),
    storage_connector.DeleteStorageConnector: (Right.OWNER, ""),
    annotation_words.Deprecate: (Right.OWNER, ""),
    training_dataset.CreateTrainingDataset: (Right.MEMBER, ""),
    training_dataset.RecordTrainingDataset: (Right.SYSTEM, "training-datasets"),
    training_dataset.RecordTrainingDatasetFailure: (Right.SYSTEM, "training-datasets"),
    training_files.PurgeTrainingData: (Right.MEMBER, ""),
    training_files.DeleteTrainingDataset: (Right.MEMBER, ""),
    training_files.RecordTrainingFilesRemoved: (Right.SYSTEM, "training-datasets"),
    study.CreateStudy: (Right.MEMBER, ""),
    study.StartTrial: (Right.SYSTEM, "studies"),
    study.ReportRung: (Right.SYSTEM, "studies"),
    study.ReportTrialFailure: (Right.SYSTEM, "studies"),
    model.CreateModelVersion: (Right.MEMBER, ""),
    deployment.CreateDeployment: (Right.OWNER, ""),
    deployment.DeleteDeployment: (Right.OWNER, ""),
    deployment.RecordDeploymentReady: (Right.SYSTEM, "serving"),
    deployment.RecordDeploymentFailure: (Right.SYSTEM, "serving"),
    lineage_run.RecordRunEvent: (Right.MEMBER, ""),
    monitor.CreateMonitor: (Right.OWNER, ""),
    monitor.AddAlertRule: (Right.OWNER, ""),
    monitor.OpenAlert: (Right.SYSTEM, "alerts"),
    monitor.ResolveAlert: (Right.SYSTEM, "alerts"),
    feature_monitor_words.CreateFeatureMonitor: (Right.OWNER, ""),
    feature_monitor_words.SwitchFeatureMonitor: (Right.OWNER, ""),
    feature_monitor_words.DeleteFeatureMonitor: (Right.OWNER, ""),
    feature_monitor_words.RunFeatureMonitor: (Right.MEMBER, ""),
    feature_monitor_words.RunFeatureMonitorOnSchedule: (Right.SYSTEM, "training-datasets"),
    feature_monitor_words.RecordFeatureMonitoring: (Right.SYSTEM, "training-datasets"),
}
"""Command → the right it asks for, and for SYSTEM the processor that alone has it."""

WHILE_ARCHIVED = frozenset({"certificate"})
"""The kinds of commands that members send to an archived project: whoever reads it needs certificates."""


def authorise(command: Command, known: Known) -> None:
    """Raise Forbidden, NotFound, NotReady or Archived where the actor may not send this command now.

    Whoever is neither a member nor an administrator learns of a project no more than that there is none.
    """
    right, processor = PERMISSIONS[type(command)]
    archived = command.scope is not None and _is_archived(command.scope, known)
    if right in {Right.NOBODY_YET, Right.ANYBODY}:
        return
    if known.actor.startswith("system:"):
        if right is not Right.SYSTEM or known.actor != f"system:{processor}":
            raise Forbidden("not-yours-to-send", f"{known.actor} does not send {command.wire}")
        return
    _user_may(command, right, known)
    if archived and command.kind not in WHILE_ARCHIVED:
        raise Archived(command.scope or "")


def _user_may(command: Command, right: Right, known: Known) -> None:
    name = known.actor.removeprefix("user:")
    actor = known.state(User, None, name)
    if actor is None:
        raise Forbidden("unknown-user", f"{known.actor} is not a user of this platform")
    if actor.standing is not Standing.ACTIVE:
        raise Forbidden("inactive-user", f"{name!r} is {actor.standing.value}: an administrator can change that")
    if right is Right.SYSTEM:
        raise Forbidden("not-yours-to-send", f"{command.wire} is sent by the platform only")
    project: str | None = getattr(command, "project", None)
    members = known.state(Membership, project, "") if project is not None else None
    role = members.roles.get(name) if members else None
    if holds(right, administrator=actor.administrator, role=role):
        return
    if project is not None and role is None:
        raise NotFound("project", project)
    if right is Right.ADMINISTRATOR or role is None:
        raise Forbidden("administrators-only", f"{command.wire} is for administrators")
    raise Forbidden(
        "owners-only",
        f"{command.wire} is for Data Owners of {project!r}; {name!r} is a Data Scientist",
        {"role": role.value, "needs": Role.DATA_OWNER.value},
    )


def _is_archived(name: str, known: Known) -> bool:
    """Whether members only read the project, while processors bring to an end what they were at.

    Raises NotFound, NotReady where it takes no command of anybody.
    """
    project = known.state(Project, None, name)
    if project is None or not (project.phase in {"ready", "archived"} or _may_know(project, name, known)):
        raise NotFound("project", name)
    if project.phase not in {"ready", "archived"}:
        raise NotReady("project", name, project.phase)
    return project.phase == "archived"


def _may_know(project: Project, name: str, known: Known) -> bool:
    """Whether the project is being made for the actor, who belongs to it, or works for the whole platform."""
    if known.actor.startswith("system:"):
        return True
    user = known.actor.removeprefix("user:")
    actor = known.state(User, None, user)
    members = known.state(Membership, name, "")
    return (
        (user == project.owner and project.phase == "requested")
        or (actor is not None and actor.administrator)
        or (members is not None and user in members.roles)
    )
