"""A real LDAP server: OpenLDAP's slapd as Debian packs it, installed or unpacked into the cache, over TLS."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.clients import eventually
from tests.integration.sso.fetched import fetched, run, tool

from headrace_broker.authority import CertificateAuthority

BASE = "dc=example,dc=com"
READER, READER_PASSWORD = f"cn=reader,{BASE}", "looks for people"
GROUP = f"cn=headrace,{BASE}"
PASSWORD = "a password of the directory"
PACKAGES = ("slapd", "libldap-2.5-0", "libltdl7", "libwrap0", "libsasl2-2")
ADVICE = "install OpenLDAP's server, slapd (on Debian this test fetches it by itself)"
PEOPLE = ("ada", "bob", "zoe-fischer")
"""Ada and zoe-fischer belong to the group. The password of all of them is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slapd:
    """A running server."""

    plain: int
    tls: int
    authorities: Path


def installed(cache: Path) -> tuple[Path, Path]:
    """The server, and the folder that its files lie under: the system's, or one in the cache."""
    found = shutil.which("slapd", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is not None:
        return Path(found), Path("/")

    def fetch(folder: Path) -> None:
        apt = [tool("apt-get", ADVICE), *_private(folder / "apt")]
        run([*apt, "update"], folder)
        run([*apt, "download", *PACKAGES], folder)
        shutil.rmtree(folder / "apt")
        for package in folder.glob("*.deb"):
            run([tool("dpkg", ADVICE), "-x", package, folder], folder)
            package.unlink()

    target = fetched(cache / "slapd", fetch)
    return target / "usr" / "sbin" / "slapd", target


def _private(folder: Path) -> list[str]:
    """Options under which apt has lists of packages of its own: those of the system may be old, or not there."""
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "archives" / "partial").mkdir(parents=True)
    return ["-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}"]


@contextmanager
def running_slapd(cache: Path, folder: Path) -> Iterator[Slapd]:
    """Run the server with the people above in it."""
    server, root = installed(cache)
    authority = CertificateAuthority.create(folder / "authority")
    issued = authority.issue_server("slapd", ["127.0.0.1"])
    (folder / "server.pem").write_bytes(issued.cert_pem)
    (folder / "server.key").write_bytes(issued.key_pem)
    (folder / "ca.pem").write_bytes(authority.pem)
    (folder / "data").mkdir()
    (folder / "slapd.conf").write_text(_configuration(root, folder))
    (folder / "people.ldif").write_text(_people())
    libraries = root / "usr" / "lib" / "x86_64-linux-gnu"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries)} if root != Path("/") else dict(os.environ)
    configured = ["-f", str(folder / "slapd.conf")]
    subprocess.run([server, "-T", "add", *configured, "-l", folder / "people.ldif"], env=environment, check=True)
    plain, tls = _free(), _free()
    listening = ["-h", f"ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{tls}/"]
    with (
        (folder / "slapd.log").open("w") as log,
        subprocess.Popen([server, *configured, *listening, "-d", "none"], env=environment, stderr=log) as process,
    ):
        try:
            eventually(lambda: _listens(process, tls, folder / "slapd.log"), "slapd to listen")
            yield Slapd(plain=plain, tls=tls, authorities=folder / "ca.pem")
        finally:
            process.kill()


def _configuration(root: Path, folder: Path) -> str:
    schemas = root / "etc" / "ldap" / "schema"
    return f"""\
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath {root / "usr" / "lib" / "ldap"}
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{READER}" read by * none
database mdb
suffix "{BASE}"
directory {folder}/data
maxsize 10485760
"""


def _people() -> str:
    entries: list[Mapping[str, str]] = [
        {"dn": BASE, "objectClass": "domain", "dc": "example"},
        {"dn": READER, "objectClass": "person", "sn": "reader", "userPassword": READER_PASSWORD},
    ]
    for name in PEOPLE:
        dn = f"uid={name},{BASE}"
        person = {"objectClass": "inetOrgPerson", "uid": name, "cn": name, "sn": name, "userPassword": PASSWORD}
        entries.append({"dn": dn, **person})
    group = f"dn: {GROUP}\nobjectClass: groupOfNames\n"
    group += "".join(f"member: uid={name},{BASE}\n" for name in PEOPLE if name != "bob")
    return "\n".join(["\n".join(f"{name}: {text}" for name, text in one.items()) + "\n" for one in entries] + [group])


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _listens(process: subprocess.Popen[bytes], port: int, log: Path) -> bool | None:
    assert process.poll() is None, log.read_text()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0 or None
