"""External databases: their addresses are in events, what opens them is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events.scenario import project

from headrace_events.connector_url import PLAIN_SETTINGS, must_hold_no_secret
from headrace_events.errors import Invalid
from headrace_events.language import Home
from headrace_events.project import DeleteProject
from headrace_events.storage_connector import (
    ConnectorSecretErased,
    ConnectorSecretSet,
    ConnectorSecretStored,
    CreateStorageConnector,
    DeleteStorageConnector,
    SetConnectorSecret,
    StorageConnectorCreated,
    StorageConnectorDeleted,
)
from headrace_schemas.codec import MessageCodec

URL = "postgresql://reader@db.example.org:5432/sales?sslmode=require"
MADE = CreateStorageConnector(project="flights", name="warehouse", url=URL, sealed=b"sealed")
GONE = DeleteStorageConnector(project="flights", name="warehouse")


def test_the_project_tells_where_the_database_is_and_only_the_credentials_what_opens_it() -> None:
    told, kept = project().events(MADE)
    assert told == StorageConnectorCreated(name="warehouse", url=URL, description="", secret=True)
    assert kept == ConnectorSecretStored(project="flights", name="warehouse", sealed=b"sealed")
    assert (told.home, kept.home) == (Home.PROJECT, Home.CREDENTIALS)
    assert b"sealed" not in MessageCodec().encode(told)


def test_what_is_kept_is_not_shown_where_messages_are_printed() -> None:
    _, kept = project().events(MADE)
    assert "sealed" not in repr(MADE)
    assert "sealed" not in repr(kept)


def test_a_connector_without_a_secret_leaves_none() -> None:
    scenario = project()
    made = CreateStorageConnector(project="flights", name="files", url="sqlite:///sales.db")
    assert scenario.events(made) == [
        StorageConnectorCreated(name="files", url="sqlite:///sales.db", description="", secret=False)
    ]


def test_a_secret_is_changed_and_taken_away() -> None:
    scenario = project()
    scenario.events(MADE)
    changed = SetConnectorSecret(project="flights", name="warehouse", sealed=b"other")
    assert scenario.events(changed) == [
        ConnectorSecretSet(name="warehouse", secret=True),
        ConnectorSecretStored(project="flights", name="warehouse", sealed=b"other"),
    ]
    none = SetConnectorSecret(project="flights", name="warehouse", sealed=None)
    assert scenario.events(none) == [
        ConnectorSecretSet(name="warehouse", secret=False),
        ConnectorSecretErased(project="flights", name="warehouse"),
    ]


def test_a_connector_is_deleted_with_its_secret_and_its_name_stays_taken() -> None:
    scenario = project()
    scenario.events(MADE)
    assert scenario.events(GONE) == [
        StorageConnectorDeleted(name="warehouse"),
        ConnectorSecretErased(project="flights", name="warehouse"),
    ]
    assert scenario.refusal(GONE) == "storage-connector-not-found"
    changed = SetConnectorSecret(project="flights", name="warehouse", sealed=b"other")
    assert scenario.refusal(changed) == "storage-connector-not-found"
    assert scenario.refusal(MADE) == "storage-connector-exists"


def test_a_project_that_is_deleted_leaves_no_secret() -> None:
    scenario = project()
    scenario.events(MADE)
    scenario.events(CreateStorageConnector(project="flights", name="files", url="sqlite:///sales.db"))
    closing = scenario.events(DeleteProject(project="flights"))
    assert closing[1:] == [ConnectorSecretErased(project="flights", name="warehouse")]


@pytest.mark.parametrize("command", [MADE, GONE, SetConnectorSecret(project="flights", name="warehouse")])
def test_scientists_read_connectors_and_do_not_make_them(command: CreateStorageConnector) -> None:
    assert project().refusal(command, "user:bob") == "owners-only"


def test_names_sealed_secrets_and_descriptions_have_bounds() -> None:
    scenario = project()
    for changed, code in (
        ({"name": "Ware House"}, "invalid-name"),
        ({"sealed": b""}, "secret-too-large"),
        ({"sealed": b"x" * 65_537}, "secret-too-large"),
        ({"description": "x" * 10_001}, "description-too-long"),
    ):
        of = {"project": "flights", "name": "warehouse", "url": URL, **changed}
        assert scenario.refusal(CreateStorageConnector(**of)) == code  # type: ignore[arg-type] # one field is another


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:hunter2@db/sales",
        "postgresql://:hunter2@db/sales",
        "postgresql://reader%3Ahunter2@db/sales",
        "postgresql://reader:1/hunter2@db/sales",
        "postgresql://reader:1?hunter2@db/sales",
        "postgresql://reader@hunter2@db/sales",
        "postgresql://db/sales?password=hunter2",
        "postgresql://db/sales?sslmode=require&sslpassword=hunter2",
        "mssql+pyodbc://?odbc_connect=DRIVER%3DX%3BPWD%3Dhunter2",
        "snowflake://reader@account/db?private_key=hunter2",
        "duckdb:///md:sales?motherduck_token=hunter2",
        "postgresql://db/sales?hunter2",
        "postgresql://db/sales?hunter2=",
    ],
)
def test_a_url_with_a_secret_in_it_is_refused_and_not_said_again(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        must_hold_no_secret(url)
    assert refused.value.code == "secret-in-url"
    assert "hunter2" not in f"{refused.value.message} {refused.value.details}" or url.endswith("hunter2=")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sales",
        "db.example.org/sales",
        "postgresql:db/sales",
        "POSTGRES QL://db/sales",
        "1sql://db/sales",
        "postgresql://db:port/sales",
        "postgresql://db/sales#hunter2",
        "postgresql://[db/sales",
        "postgresql://db/sa\u202eles",
        "postgresql://db/" + "x" * 2_000,
    ],
)
def test_what_is_no_url_of_a_database_is_refused(url: str) -> None:
    assert project().refusal(CreateStorageConnector(project="flights", name="warehouse", url=url)) == "invalid-url"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db/sales",
        "postgresql+psycopg://reader@db:5432/sales?connect_timeout=3",
        "postgresql://reader%40corp@db/sales",
        "mysql+pymysql://reader@[::1]:3306/sales?charset=utf8mb4",
        "sqlite:////srv/sales.db",
        "sqlite://",
        "duckdb:///sales.duckdb",
    ],
)
def test_addresses_without_a_secret_are_taken(url: str) -> None:
    must_hold_no_secret(url)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_no_url_that_is_taken_holds_a_setting_we_do_not_know(text: str) -> None:
    try:
        must_hold_no_secret(f"postgresql://{text}")
    except Invalid:
        return
    _, mark, query = text.partition("?")
    assert not mark or all(part.partition("=")[0] in {*PLAIN_SETTINGS, ""} for part in query.split("&"))
