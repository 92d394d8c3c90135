"""One well-formed request to each route, and what the tables say of who sends it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import httpx

from headrace_api.permissions.routes import ROUTES, Asked
from headrace_events.access import ACCESS, Access
from headrace_events.permissions import PERMISSIONS
from headrace_events.roles import Right, Role, holds

_SHA = "0" * 64
_UUID = "01890000-0000-7000-8000-000000000000"
_IN_PATH = {
    "user": "bob",
    "key_id": "nobodys",
    "session_id": "s-nobodys",
    "identity": "nobodys",
    "topic": "{project}.topics.clicks",
    "name": "weather",
    "version": "1",
    "view": "late",
    "view_version": "1",
    "generation": "1",
    "command_id": _UUID,
    "study": "s-one",
    "deployment": "delay",
    "sha256": _SHA,
    "node": "feature_group:weather.1",
    "schema_id": "1",
    "subject": "weather",
    "quota": "topics",
    "sharing": "rival",
    "share": "topic:{project}.topics.clicks:rival",
    "authority": "1",
    "things": "feature-groups",
    "feature": "airport",
    "keyword": "hourly",
    "tag": "owner",
    "monitor": "drifts",
    "number": "1",
}
_RUN_EVENT = {
    "eventTime": "2013-01-01T00:00:00Z",
    "run": {"runId": _UUID},
    "job": {"namespace": "cron", "name": "load"},
    "producer": "test",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
}
_SELECTION = {"group": "weather", "version": 1, "features": ["airport"]}
_SCHEMA = {"schema": '{"type": "record", "name": "Weather", "fields": []}'}
_BODIES: Mapping[str, Any] = {
    "users-first_administrator": {"user": "eve"},
    "users-create_user": {"user": "newcomer"},
    "users-register": {"user": "newcomer"},
    "users-reject": {},
    "users-deactivate": {},
    "users-describe_user": {"full_name": "Carol Carter", "email": "carol@example.org"},
    "users-erase_user": {"confirm": "bob"},
    "keys-issue_key": {},
    "sessions-begin": {"user": "bob", "password": "not this one"},
    "passwords-set_password": {"password": "a good long sentence"},
    "single_sign-on-show_code": {"code": "nobodys", "verifier": "v" * 43},
    "directory-begin": {"user": "bob", "password": "not this one"},
    "directory-link": {"user": "bob", "password": "not this one"},
    "identities-link": {"code": "nobodys", "verifier": "v" * 43},
    "one-time_codes-confirm": {"code": "123456"},
    "one-time_codes-remove": {"password": "not this one"},
    "projects-create_project": {"project": "another"},
    "projects-describe_project": {"description": "delays of flights"},
    "projects-write_readme": {"text": "Delays of flights."},
    "quotas-set_quota": {"limit": 5},
    "members-add_member": {"user": "carol", "role": "data-scientist"},
    "members-change_role": {"role": "data-owner"},
    "certificates-request_certificate": {"signing_request": "PEM"},
    "kafka-issue_environment": {"expires": 1},
    "topics-create_topic": {"name": "clicks"},
    "topics-change_topic": {"compacted": True},
    "topics-grant_topic": {"user": "bob"},
    "shares-offer_share": {"receiver": "rival", "what": "feature_store"},
    "feature_groups-create_feature_group": {
        "name": "weather",
        "columns": [{"name": "airport", "type": "string"}],
        "primary_key": ["airport"],
    },
    "validation-save_suite": {"suite": {"expectation_suite_name": "weather", "expectations": []}},
    "validation-record_report": {
        "rows": 0,
        "report": {
            "success": True,
            "statistics": {"evaluated_expectations": 0, "successful_expectations": 0, "unsuccessful_expectations": 0},
            "results": [],
        },
    },
    "feature_groups-append_features": {"features": [{"name": "wind", "type": "double"}]},
    "streaming_feature_groups-create_streaming_feature_group": {
        "name": "gusts",
        "source": "weather",
        "source_version": 1,
        "keys": ["airport"],
        "aggregations": [{"function": "count", "over": "1h"}],
        "slide": "1h",
    },
    "tag_schemas-create_tag_schema": {"name": "owner", "json_schema": {"type": "string"}},
    "annotations-describe": {"description": "by the hour"},
    "annotations-describe_feature": {"description": "its code"},
    "annotations-deprecate": {"deprecated": True},
    "annotations-set_keywords": {"keywords": ["hourly"]},
    "annotations-add_keywords": {"keywords": ["hourly"]},
    "annotations-tag": {"value": "ada"},
    "storage_connectors-create_storage_connector": {"name": "warehouse", "url": "postgresql://reader@db/sales"},
    "external_feature_groups-create_external_feature_group": {
        "name": "customers",
        "columns": [{"name": "customer", "type": "string"}],
        "primary_key": ["customer"],
        "storage_connector": "warehouse",
        "query": "SELECT customer FROM customers",
    },
    "storage_connectors-set_secret": {"secret": {"password": "correct horse"}},
    "feature_views-create_feature_view": {"name": "late", "root": _SELECTION},
    "transformation_functions-create_transformation_function": {
        "name": "doubled",
        "source": "def doubled(delay):\n    return delay * 2\n",
        "arguments": ["delay"],
        "return_types": ["double"],
    },
    "vectors-read_group_vectors": {"keys": []},
    "shared_feature_groups-read_shared_vectors": {"keys": []},
    "vectors-read_view_vectors": {"entries": []},
    "vectors-read_inference_helpers": {"entries": []},
    "vectors-read_past_vectors": {"entries": [], "times": []},
    "consistency-compare_stores": {"seconds": 0},
    "statistics-compute_statistics": {},
    "statistics-configure_statistics": {"correlations": True},
    "feast-get_online_features": {"entities": {"airport": []}, "features": ["weather:wind"]},
    "training_datasets-create_training_dataset": {"splits": [{"name": "train", "start": 0, "end": 1}]},
    "studies-create_study": {
        "study": "s-one",
        "name": "tune",
        "program": _SHA,
        "program_name": "train",
        "environment": [],
        "searchspace": [{"name": "depth", "kind": "integer", "values": ["1", "9"]}],
        "trials": 1,
        "metric": "auc",
    },
    "models-create_model_version": {"name": "delay", "framework": "sklearn", "artifact": _SHA},
    "deployments-create_deployment": {"name": "delay", "model": "delay", "model_version": 1},
    "monitors-create_monitor": {"deployment": "delay"},
    "monitors-add_alert_rule": {"rule": "drift", "metric": "psi", "open_at": 1.0, "resolve_at": 0.5},
    "feature_monitors-create_feature_monitor": {
        "name": "drifts",
        "watched": {"kind": "feature_group", "name": "weather", "version": 1},
        "comparison": {"metric": "mean", "threshold": 1.0, "specific_value": 5.0},
    },
    "feature_monitors-switch_feature_monitor": {"enabled": False},
    "openlineage-record_run_event": _RUN_EVENT,
    "openlineage-record_run_events": [_RUN_EVENT],
    "find_shipped": _SCHEMA,
    "find_schema": _SCHEMA,
    "test_version": _SCHEMA,
    "test_subject": _SCHEMA,
    "register": _SCHEMA,
    "set_level": {"compatibility": "FULL"},
    "set_subject_level": {"compatibility": "FULL"},
    "set_mode": {"mode": "READONLY"},
    "set_subject_mode": {"mode": "READONLY"},
}
_QUERIES = {
    "projects-delete_project": "confirm={project}",
    "rows-read_changes": "start=2013-01-01",
    "shared_feature_groups-read_shared_changes": "start=2013-01-01",
}
_OF_OTHERS = {"passwords-reset_password", "one-time_codes-remove_of"}
"""What every user may do for themselves, asked for somebody else."""
_OF_THE_NAMED = {"users-describe_user", "users-erase_user"}
"""What whoever is named in the path may do for themselves."""

HOSTILE = (
    "../../../../etc/passwd",
    "%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%c0%af..%c0%afetc%c0%afpasswd",
    "..\\..\\windows",
    "' OR '1'='1",
    "'; DROP TABLE catalogue.projects; --",
    'x") OR ("1"="1',
    "*:* AND _exists_:project OR project:rival",
    '{"match_all": {}}',
    "a\r\nX-Injected: 1",
    "\ufffe\ud7ff",
    "-1",
    "9" * 400,
    "x" * 5_000,
)
"""Texts that mean something to a shell, a file system, a database, a search server, HTTP, or nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Somebody who asks, and what they are in the project that is asked about."""

    user: str
    role: Role | None = None
    administrator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An operation of the OpenAPI document."""

    operation: str
    method: str
    path: str

    @property
    def asked(self) -> tuple[Asked, ...]:
        """What the table of routes says it asks for."""
        return ROUTES[self.operation]

    @property
    def in_project(self) -> bool:
        """Whether a project is named in its path."""
        return "{project}" in self.path

    @property
    def open(self) -> bool:
        """Whether it answers without a credential."""
        return all(_right(asked) in {Right.ANYBODY, Right.NOBODY_YET} for asked in self.asked)

    @property
    def has_body(self) -> bool:
        """Whether it takes JSON."""
        return self.body is not None

    @property
    def body(self) -> Any:
        """A well-formed body, or None."""
        return _BODIES.get(self.operation, _BODIES.get(self.operation.partition("-")[2]))

    def in_path(self, project: str) -> dict[str, str]:
        """What its path names in a well-formed request about that project."""
        named = {**_IN_PATH, "project": project}
        return {name: named[name].replace("{project}", project) for name in re.findall(r"{(\w+)}", self.path)}

    def in_query(self, project: str) -> dict[str, str]:
        """What its query says in a well-formed request about that project."""
        return dict(parse_qsl(_QUERIES.get(self.operation, "").replace("{project}", project)))

    def request(self, project: str, named: str | None = None) -> dict[str, Any]:
        """A well-formed request about that project, as httpx takes it; with `named`, whatever else is called that."""
        path = self.path
        if query := _QUERIES.get(self.operation):
            path = f"{path}?{query}"
        for name, value in _IN_PATH.items():
            path = path.replace(f"{{{name}}}", named or value)
        given = (
            {}
            if self.body is None
            else {"content": json.dumps(self.body), "headers": {"Content-Type": "application/json"}}
        )
        return {"method": self.method, "url": path.replace("{project}", project), **given}

    def refusal(self, who: Who) -> int | None:
        """The status that the tables give who asks; None where they may."""
        if self.operation in _OF_OTHERS and not who.administrator:
            return 403
        if self.operation in _OF_THE_NAMED and not who.administrator and who.user != _IN_PATH["user"]:
            return 403
        accesses = [asked for asked in self.asked if isinstance(asked, Access)]
        commands = [asked for asked in self.asked if not isinstance(asked, Access)]
        needed: list[Asked] = [*accesses[:1], *commands[:1]]
        for asked in needed:
            if not holds(_right(asked), administrator=who.administrator, role=who.role):
                seen = who.role is not None or (who.administrator and asked in accesses)
                return 403 if seen or not self.in_project else 404
        return None


def _right(asked: Asked) -> Right:
    return ACCESS[asked][0] if isinstance(asked, Access) else PERMISSIONS[asked][0]


def routes(document: Mapping[str, Any]) -> list[Route]:
    """Every operation of the document."""
    return [
        Route(operation=operation["operationId"], method=method.upper(), path=path)
        for path, verbs in document["paths"].items()
        for method, operation in verbs.items()
    ]


def told(answer: httpx.Response) -> str:
    """The code of an error that holds nothing but the error; HEAD has no body."""
    if answer.request.method == "HEAD":
        return ""
    problem = answer.json()
    of_registry = "/registry/" in answer.request.url.path
    form = {"error_code", "message"} if of_registry else {"code", "message", "details", "request_id"}
    assert set(problem) == form, problem
    return str(problem.get("code", ""))
