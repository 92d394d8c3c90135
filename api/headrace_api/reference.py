"""The document as a page to read: nothing in it runs, and nothing comes from another site."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from html import escape
from itertools import groupby
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

_STYLE = "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}details{margin:.3rem 0}"
_HEAD = (
    f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Headrace</title><style>{_STYLE}</style></head>'
)
_POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"

Spec = Mapping[str, Any]


def add_reference(app: FastAPI) -> None:
    """Give the application the page `/docs`."""

    @cache
    def shown() -> str:
        return page(app.openapi())

    @app.get("/docs", tags=["operations"], include_in_schema=False)
    async def reference() -> HTMLResponse:
        """Every operation, by tag."""
        return HTMLResponse(shown(), headers={"Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'"})


def page(document: Spec) -> str:
    """The document as HTML."""
    operations = [
        (method.upper(), path, spec) for path, verbs in document["paths"].items() for method, spec in verbs.items()
    ]
    parts = [_HEAD, f"<body><h1>{escape(document['info']['title'])} {escape(document['info']['version'])}</h1>"]
    parts.append('<p>For programs: <a href="/openapi.json">openapi.json</a>.</p>')
    for tag, tagged in groupby(operations, key=lambda operation: operation[2]["tags"][0]):
        parts.append(f"<h2>{escape(tag)}</h2>")
        parts.extend(_operation(method, path, spec) for method, path, spec in tagged)
    return "".join([*parts, "</body></html>"])


def _operation(method: str, path: str, spec: Spec) -> str:
    title = f"<summary><code>{method} {escape(path)}</code> {escape(spec['summary'])}</summary>"
    return f"<details>{title}<p>{escape(spec['description'])}</p><ul>{''.join(_lines(spec))}</ul></details>"


def _lines(spec: Spec) -> Iterator[str]:
    for parameter in spec.get("parameters", []):
        about = escape(parameter.get("description", ""))
        yield f"<li>{parameter['in']} <code>{escape(parameter['name'])}</code> {about}</li>"
    for kind, content in spec.get("requestBody", {}).get("content", {}).items():
        yield f"<li>body: {escape(kind)} {escape(_named(content['schema']))}</li>"
    for status, answer in spec["responses"].items():
        yield f"<li>{status}: {escape(answer['description'])}</li>"


def _named(schema: Spec) -> str:
    """What the schema is called, where it has a name."""
    return str(schema.get("$ref", schema.get("title", ""))).rpartition("/")[2]
