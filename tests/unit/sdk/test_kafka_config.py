"""Configurations of Kafka clients: nothing is missing, and host names are verified."""

from __future__ import annotations

import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

import headrace
from headrace._kafka_config import FORMATS, configuration


@pytest.fixture
def files(tmp_path: Path) -> headrace.ClientFiles:
    folder = tmp_path / "kä=y\\s"
    folder.mkdir()
    for name in ("ca.pem", "client.pem", "client.key"):
        (folder / name).write_text(f"{name}\n")
    return headrace.ClientFiles(
        ca=folder / "ca.pem",
        certificate=folder / "client.pem",
        key=folder / "client.key",
        bootstrap="127.0.0.1:1,127.0.0.1:2",
        group_prefix="flights.",
        renew_after=datetime.now(UTC),
    )


def text(form: str, files: headrace.ClientFiles) -> str:
    return configuration(form, files, client="flights__ada", group="flights.ada")


def properties(content: str) -> dict[str, str]:
    """What `java.util.Properties` makes of lines without continuations, by its documented rules."""
    parsed = {}
    for line in content.splitlines():
        name, value = line.split("=", 1)
        value = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), value)
        parsed[name] = value.replace("\\\\", "\\")
    return parsed


def java(files: headrace.ClientFiles) -> dict[str, str]:
    return {
        "bootstrap.servers": files.bootstrap,
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(files.ca),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(files.certificate.with_name("keystore.pem")),
        "ssl.endpoint.identification.algorithm": "https",
        "client.id": "flights__ada",
        "group.id": "flights.ada",
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.idempotence": "true",
    }


def test_librdkafkas_has_every_setting(files: headrace.ClientFiles) -> None:
    lines = dict(line.split("=", 1) for line in text("librdkafka", files).splitlines())
    assert lines == {
        "bootstrap.servers": files.bootstrap,
        "security.protocol": "ssl",
        "ssl.ca.location": str(files.ca),
        "ssl.certificate.location": str(files.certificate),
        "ssl.key.location": str(files.key),
        "ssl.endpoint.identification.algorithm": "https",
        "client.id": "flights__ada",
        "group.id": "flights.ada",
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "partitioner": "murmur2_random",
        "enable.idempotence": "true",
    }


def test_javas_has_every_property_whatever_the_files_are_called(files: headrace.ClientFiles) -> None:
    content = text("properties", files)
    assert content.isascii()
    assert properties(content) == java(files)


def test_javas_key_and_certificate_lie_in_one_private_file(files: headrace.ClientFiles) -> None:
    keystore = Path(properties(text("properties", files))["ssl.keystore.location"])
    assert keystore.read_text() == "client.key\nclient.pem\n"
    assert stat.S_IMODE(keystore.stat().st_mode) == 0o600


def test_flinks_options_are_javas_with_a_prefix(files: headrace.ClientFiles) -> None:
    options = dict(re.findall(r"'((?:[^']|'')*)' = '((?:[^']|'')*)'", text("flink", files)))
    assert options.pop("connector") == "kafka"
    assert options == {f"properties.{name}": value for name, value in java(files).items()}


def test_no_other_format_is_known(files: headrace.ClientFiles) -> None:
    with pytest.raises(headrace.Invalid, match=", ".join(FORMATS)):
        text("yaml", files)
