"""What any Kafka client needs to work in a project, in the words of the common ones."""

from collections.abc import Mapping
from pathlib import Path

from headrace._certificates import ClientFiles
from headrace._errors import Failed, Invalid
from headrace._private import write_private

FORMATS = ("librdkafka", "properties", "flink")


def configuration(form: str, files: ClientFiles, *, client: str, group: str) -> str:
    """The settings as text; raises Invalid where the form is none of FORMATS.

    They are read by producers and consumers alike. Host names are verified, records of open transactions are not read,
    and keys go to the partitions that Java clients choose.
    """
    if form == "librdkafka":
        return _librdkafka(files, client, group)
    if form == "properties":
        return "".join(f"{name}={_escaped(value)}\n" for name, value in _java(files, client, group).items())
    if form == "flink":
        options = {"connector": "kafka"}
        options |= {f"properties.{name}": value for name, value in _java(files, client, group).items()}
        return ",\n".join(f"{_quoted(name)} = {_quoted(value)}" for name, value in options.items()) + "\n"
    raise Invalid(f"there is no format {form!r}: take one of {', '.join(FORMATS)}", code="unknown-format")


def _librdkafka(files: ClientFiles, client: str, group: str) -> str:
    settings = {
        **files.librdkafka(),
        "client.id": client,
        "group.id": group,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "partitioner": "murmur2_random",
        "enable.idempotence": "true",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _java(files: ClientFiles, client: str, group: str) -> Mapping[str, str]:
    return {
        "bootstrap.servers": files.bootstrap,
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(files.ca),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(_keystore(files)),
        "ssl.endpoint.identification.algorithm": "https",
        "client.id": client,
        "group.id": group,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.idempotence": "true",
    }


def _keystore(files: ClientFiles) -> Path:
    """Key and certificate in one file beside them, as Java clients want it."""
    path = files.certificate.with_name("keystore.pem")
    content = files.key.read_bytes() + files.certificate.read_bytes()
    try:
        if not path.exists() or path.read_bytes() != content:
            write_private(path, content)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error}", code="no-keystore") from error
    return path


def _escaped(value: str) -> str:
    """The value as `java.util.Properties` reads it: ISO 8859-1, a backslash doubled."""
    text = value.replace("\\", "\\\\")
    units = text.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    return "".join(chr(code) if 0x20 <= code < 0x7F else f"\\u{code:04x}" for code in codes)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
