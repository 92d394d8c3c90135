"""A project's history as it could have happened: every kind of change, in an order that makes sense."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from tests.unit.projections.catalogue.examples import SECOND, recorded

from headrace_events.certificate import CertificateIssued, CertificateRequested, CertificateRevoked
from headrace_events.deployment import DeploymentCreated, DeploymentDeleted, DeploymentFailed, DeploymentReady
from headrace_events.envelope import Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_growth import FeatureGroupFeaturesAppended
from headrace_events.feature_monitor_config import (
    Binning,
    Comparison,
    Reference,
    Schedule,
    TimeWindow,
    Watchable,
    Watched,
)
from headrace_events.feature_monitor_result import Bins, FeatureDrift, Source, WindowRead
from headrace_events.feature_monitor_words import (
    FeatureMonitorAlertOpened,
    FeatureMonitorAlertResolved,
    FeatureMonitorCreated,
    FeatureMonitorDeleted,
    FeatureMonitorEvaluated,
    FeatureMonitorRunRequested,
    FeatureMonitorSwitched,
)
from headrace_events.feature_statistics import FeatureGroupStatisticsConfigured, StatisticsConfig
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_events.language import Event
from headrace_events.member import MemberAdded, MemberRemoved, MemberRoleChanged
from headrace_events.model import ModelVersionCreated, TrainedOn
from headrace_events.monitor import AlertOpened, AlertResolved, AlertRuleAdded, MonitorCreated
from headrace_events.roles import Role
from headrace_events.row_schema import Appended, Column
from headrace_events.searchspace import Dimension
from headrace_events.study import (
    Halving,
    RungReported,
    StudyCompleted,
    StudyCreated,
    TrialFailed,
    TrialPromoted,
    TrialStarted,
)
from headrace_events.subject import SubjectVersionRegistered
from headrace_events.topic import TopicGranted, TopicOpened, TopicRequested
from headrace_events.training_dataset import (
    DatasetFile,
    Split,
    TrainingDatasetFailed,
    TrainingDatasetRecorded,
    TrainingDatasetRequested,
)
from headrace_events.training_files import TrainingDataPurged, TrainingDatasetDeleted, TrainingFilesRemoved


def history(rounds: int) -> list[Recorded]:
    """The events of that many rounds of work in one project, numbered from 1."""
    numbers, versions = count(1), dict[str, int]()
    made = []
    for event in (event for number in range(1, rounds + 1) for event in _round(number)):
        aggregate = f"{event.kind}/{event.key}"
        versions[aggregate] = versions.get(aggregate, 0) + 1
        seq = next(numbers)
        made.append(recorded(event, seq, versions[aggregate], (1_700_000_000 + seq) * SECOND))
    return made


def _round(number: int) -> Iterator[Event]:
    yield from _people(number)
    yield from _features(number)
    yield from _study(f"study-{number}")
    yield from _serving(number)
    yield from _monitoring(number)


def _people(number: int) -> Iterator[Event]:
    user = f"user-{number}"
    yield MemberAdded(user=user, role=Role.DATA_SCIENTIST)
    yield CertificateRequested(user=user, generation=1, signing_request="PEM")
    yield CertificateIssued(user=user, generation=1, certificate="PEM", serial="1f", expires=Micros(2**62))
    yield MemberRoleChanged(user=user, role=Role.DATA_OWNER)
    if number % 2:
        yield CertificateRevoked(user=user, generation=1)
        yield MemberRemoved(user=user)
    if number % 4 == 1:
        yield MemberAdded(user=user, role=Role.DATA_SCIENTIST)


def _features(number: int) -> Iterator[Event]:
    topic = f"flights.features.weather.{number}"
    yield SubjectVersionRegistered(subject=f"weather_{number}", version=1, schema_id=10_000 + number)
    yield FeatureGroupCreated(
        name="weather",
        version=number,
        description="Wind and rain,\nby the hour \u2603 'quoted' \\ \x00",
        columns=(Column(name="airport", type="string"), Column(name="hour", type="timestamp")),
        primary_key=("airport",),
        event_time="hour",
        online=True,
        offline=number % 2 == 0,
        ttl_seconds=2**40 if number % 3 == 0 else None,
        topic=topic,
        subject=f"weather_{number}",
        schema_id=10_000 + number,
    )
    later = Appended(name="wind", type="double", description="in knots, \u2603", default="0.5" if number % 2 else None)
    yield FeatureGroupFeaturesAppended(
        name="weather", version=number, features=(later,), topic=topic, schema_id=20_000 + number
    )
    wish = StatisticsConfig(correlations=number % 2 == 0, columns=("airport", "wind"))
    yield FeatureGroupStatisticsConfigured(name="weather", version=number, statistics=wish, topic=topic)
    yield TopicRequested(name=topic, partitions=1, purpose="features")
    yield TopicOpened(name=topic, topic_id=f"id-{number}", partitions=1, purpose="features")
    yield TopicGranted(topic=topic, user=f"user-{number}")
    selection = GroupSelection(group="weather", version=number, features=("airport",))
    yield FeatureViewCreated(
        name="delays",
        version=number,
        description="",
        root=selection,
        joins=(Join(selection=selection, on=(KeyPair(left="airport", right="airport"),)),),
        labels=(),
    )
    yield TrainingDatasetRequested(
        view="delays",
        view_version=number,
        version=1,
        splits=(Split(name="train", start=Micros(-5), end=Micros(2**60), share=1.0),),
        positions=(),
        format="parquet",
        seed=-(2**63),
    )
    if number % 3 == 0:
        yield TrainingDatasetFailed(view="delays", view_version=number, version=1, reason="no rows")
        return
    file = DatasetFile(split="train", address="a", sha256="0" * 64, size=1, rows=1)
    yield TrainingDatasetRecorded(
        view="delays", view_version=number, version=1, files=(file,), positions=("t:0:1",), hash="0" * 64
    )
    if number % 3 == 1:
        yield TrainingDataPurged(view="delays", view_version=number, version=1)
        yield TrainingDatasetDeleted(view="delays", view_version=number, version=1)
        yield TrainingFilesRemoved(view="delays", view_version=number, version=1)


def _study(study: str) -> Iterator[Event]:
    yield StudyCreated(
        study=study,
        name="search",
        description="",
        program="0" * 64,
        program_name="train",
        environment=("numpy==2.4",),
        searchspace=(Dimension(name="rate", kind="double", values=("0", "1")),),
        trials=3,
        metric="auc",
        direction="max",
        halving=Halving(),
        seed=0,
        workers=2,
        trained_on=TrainedOn(view="delays", view_version=1, version=1),
    )
    for trial in range(3):
        yield TrialStarted(study=study, trial=trial, parameters={"rate": str(0.1 * trial)})
    yield RungReported(study=study, trial=0, rung=0, steps=1, metric=0.1 + 0.2)
    yield RungReported(study=study, trial=1, rung=0, steps=1, metric=1e-300, checkpoint="c")
    yield TrialPromoted(study=study, trial=0, rung=1)
    yield TrialFailed(study=study, trial=2, reason="ValueError: no")
    yield RungReported(study=study, trial=0, rung=1, steps=2, metric=0.5)
    yield StudyCompleted(study=study, best_trial=0, best_metric=0.5)


def _serving(number: int) -> Iterator[Event]:
    name = f"delays-{number}"
    yield ModelVersionCreated(
        name="delays",
        version=number,
        description="",
        framework="sklearn",
        artifact="0" * 64,
        metrics={"auc": 1 / 3},
        inputs=("airport",),
        trained_on=None,
        environment=(),
    )
    yield DeploymentCreated(name=name, model="delays", model_version=number, replicas=1)
    yield DeploymentFailed(name=name, reason="out of memory")
    yield DeploymentReady(name=name)
    yield MonitorCreated(deployment=name, window_seconds=86_400, bins=10)
    yield AlertRuleAdded(
        deployment=name,
        rule="drift",
        metric="psi",
        feature="hour",
        open_at=0.2,
        resolve_at=0.1,
        windows=1,
        cool_down_seconds=0,
    )
    yield AlertOpened(deployment=name, rule="drift", window_start=-86_400 * SECOND, observed=0.25)
    yield AlertResolved(deployment=name, rule="drift", window_start=0, observed=0.05)
    yield AlertOpened(deployment=name, rule="drift", window_start=86_400 * SECOND, observed=0.3)
    if number % 2:
        yield DeploymentDeleted(name=name)


def _monitoring(number: int) -> Iterator[Event]:
    name = f"wind-{number}"
    yield FeatureMonitorCreated(
        name=name,
        description="",
        watched=Watched(kind=Watchable.FEATURE_GROUP, name="weather", version=number),
        features=("wind",),
        detection=TimeWindow(length_seconds=86_400),
        reference=Reference(window=TimeWindow()),
        comparison=Comparison(metric="PSI", threshold=0.2, binning=Binning()),
        schedule=Schedule(cron_expression="0 * * * *"),
        exact=False,
        since=Micros(0),
    )
    read = WindowRead(source=Source.ROWS, rows=3, end=Micros(SECOND), starts=("w:0:0",), ends=("w:0:3",))
    bins = Bins(edges=(0.0, 1.0, 2.0), detection=(1, 2), reference=(2, 1))
    for run, difference in enumerate((0.3, 0.1, 0.4), start=1):
        at = Micros(run * SECOND)
        shifted = ("wind",) if difference > 0.2 else ()
        yield FeatureMonitorRunRequested(name=name, number=run, at=at, scheduled=run % 2 == 1)
        yield FeatureMonitorEvaluated(
            name=name,
            number=run,
            monitoring_time=at,
            shift_detected=bool(shifted),
            shifted_features=shifted,
            empty_detection_window=False,
            empty_reference_window=False,
            detection=read,
            reference=read,
            results=(FeatureDrift(feature="wind", difference=difference, bins=bins),),
        )
        if shifted:
            yield FeatureMonitorAlertOpened(
                name=name, number=run, monitoring_time=at, features=shifted, observed=difference
            )
        else:
            yield FeatureMonitorAlertResolved(name=name, number=run, monitoring_time=at, observed=difference)
    yield FeatureMonitorSwitched(name=name, enabled=False, since=Micros(9 * SECOND))
    yield FeatureMonitorRunRequested(name=name, number=4, at=Micros(9 * SECOND), scheduled=False)
    if number % 2:
        yield FeatureMonitorDeleted(name=name)
