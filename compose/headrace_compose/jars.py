"""Servers on the JVM: fetched once with Maven into the cache that all homes share."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from headrace_compose.errors import DownloadFailed, MissingTool
from headrace_compose.service import Report

OLDEST_JAVA = 17
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
REPORT_EVERY = 2.0
_one_at_a_time = threading.Lock()


def java() -> str:
    """Find the Java that runs the servers.

    Raises:
        MissingTool: there is none, or it is older than 17.
    """
    found = shutil.which("java")
    if found is None:
        raise MissingTool("Java", "install a JDK 17 (Debian: apt-get install openjdk-17-jdk-headless)")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version.group(1)) < OLDEST_JAVA:
        raise MissingTool("A JDK 17", f"the java on the PATH is older or does not say its version: {said.strip()}")
    return found


def location(cache: Path, source: Path) -> Path:
    """Say where `fetch` puts a server: the name tells versions apart, being made from all that `source` says."""
    files = sorted(path for path in source.iterdir() if path.suffix in {".xml", ".java"})
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:12]
    return cache / f"{source.name}-{digest}"


def fetch(cache: Path, source: Path, report: Report) -> Path:
    """Give the folder with a server's jars (`lib/*.jar`) and, if `source` has `*.java`, compiled classes (`classes/`).

    `source` is a folder with a `pom.xml`. What is in the cache for the same contents of `source` is used as it is.

    Raises:
        MissingTool: Maven or the Java compiler is not installed.
        DownloadFailed: Maven failed.
    """
    target = location(cache, source)
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time, (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            new = Path(tempfile.mkdtemp(prefix=f".{source.name}-", dir=cache))
            try:
                _download(source, new / "lib", report)
                _compile(sorted(source.glob("*.java")), new)
                new.rename(target)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    return target


def _download(source: Path, target: Path, report: Report) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingTool("Maven", "install it (Debian: apt-get install maven); it fetches Kafka and OpenSearch")
    command = [maven, "--batch-mode", "--no-transfer-progress", "--file", str(source / "pom.xml"), COPY]
    command += [f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            while process.poll() is None:
                jars = len(list(target.glob("*.jar"))) if target.exists() else 0
                report(f"{source.name}: fetching, {jars} jars, {time.monotonic() - began:.0f} s")
                _wait(process, REPORT_EVERY)
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").splitlines()
            errors = [line for line in said if "ERROR" in line] or said
            raise DownloadFailed(source.name, "\n".join(errors[:20]))


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _compile(sources: list[Path], target: Path) -> None:
    if not sources:
        return
    compiler = shutil.which("javac")
    if compiler is None:
        raise MissingTool("The Java compiler", "install a JDK 17, not only a JRE")
    command = [compiler, "-classpath", f"{target / 'lib'}/*", "-d", str(target / "classes"), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DownloadFailed(target.name, done.stderr)
