"""Somebody at a browser without scripts: signs in where that is asked for, lets the program in, and
is sent back to it. In: where the program sends them. Out: where they arrive at last.
"""

from html import unescape
from re import findall
from urllib.parse import urljoin

import requests


def hidden(page, action):
    """What the hidden fields of the form with that action say."""
    form = page.split(f'action="{action}"')[1].split("</form>")[0]
    fields = findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {unescape(name): unescape(value) for name, value in fields}


def person(who, url):
    cookies = {}

    def visit(url, form=None):
        # By hand: a cookie for HTTPS alone is kept from plain HTTP, but for browsers on loopback.
        headers = {"accept": "text/html", "cookie": "; ".join(cookies.values())}
        if form is not None:
            headers["sec-fetch-site"] = "same-origin"
        method = "GET" if form is None else "POST"
        answer = requests.request(
            method, url, data=form, headers=headers, allow_redirects=False, timeout=20
        )
        if cookie := answer.headers.get("set-cookie"):
            cookies[cookie.split("=")[0]] = cookie.split(";")[0]
        return answer

    answer = visit(url)
    for _ in range(10):
        if location := answer.headers.get("location"):
            if location.startswith(who["redirect_uri"]):
                return location
            url = urljoin(url, location)
            answer = visit(url)
            continue
        answer.raise_for_status()
        if 'action="/login"' in answer.text:
            action = "/login"
            said = {"username": who["username"], "password": who["password"]}
        else:
            action, said = "/oauth/authorize", {"decision": "allow"}
        url = urljoin(url, action)
        answer = visit(url, {**hidden(answer.text, action), **said})
    raise RuntimeError("the browser is sent in circles")
