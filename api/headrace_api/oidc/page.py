"""The page at the end of single sign-on in a browser."""

from html import escape

from fastapi.responses import HTMLResponse


def signed_in_page(user: str, to: str | None) -> HTMLResponse:
    """Say who is signed in, and go on from there.

    It is a page and no redirect, for the session's cookie is sent with what pages of this site ask for, and after a
    redirect the browser still counts the provider's page as the one that asks.
    """
    on = f'<meta http-equiv="refresh" content="0; url={escape(to)}">' if to is not None else ""
    text = f"You are signed in as {escape(user)}. This window can be closed."
    page = f'<!doctype html><html lang="en"><head><meta charset="utf-8">{on}<title>Headrace</title></head>'
    headers = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return HTMLResponse(f"{page}<body><p>{text}</p></body></html>", headers=headers)
