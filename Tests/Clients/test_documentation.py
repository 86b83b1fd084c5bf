"""The OpenAPI document is valid, and its pages load nothing from another server."""
import html.parser
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import openapi_spec_validator
import pytest

from servers import LIMIT

PAGES = ["/docs", "/redoc"]


def fetch(url, **headers):
    request = urllib.request.Request(url, headers={name.replace("_", "-"): text for name, text in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


@pytest.fixture(params=["parley", "strict"])
def server(request):
    return request.getfixturevalue(request.param)


def test_valid_document(server):
    status, headers, text = fetch(server.url + "/openapi.json")
    assert status == 200 and headers["content-type"] == "application/json"
    document = json.loads(text)
    assert document["openapi"] == "3.1.0"
    openapi_spec_validator.validate(document)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) > 40
    assert all(operation["summary"] != "Undocumented" for operation in operations)


def test_repeated_fetches(server):
    status, headers, _ = fetch(server.url + "/openapi.json")
    again, _, text = fetch(server.url + "/openapi.json", if_none_match=headers["etag"])
    assert (status, again, text) == (200, 304, "")
    assert fetch(server.url + "/openapi.json", if_none_match='"other"')[0] == 200


def test_access_by_mode(parley, strict):
    """The same operations need a credential or not, depending on the authentication mode."""
    def needs_none(server, path, method):
        security = json.loads(fetch(server.url + "/openapi.json")[2])["paths"][path][method]["security"]
        return security == [] or {} in security

    assert needs_none(parley, "/v1/models", "get") and not needs_none(strict, "/v1/models", "get")
    assert not needs_none(parley, "/api/v1/keys", "get") and not needs_none(strict, "/api/v1/keys", "get")
    assert needs_none(parley, "/health", "get") and needs_none(strict, "/health", "get")


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.scripts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("src", "href") if name in attributes]
        if tag == "script":
            self.scripts.append(attributes.get("src"))
        assert not any(name.startswith("on") or name == "style" for name in attributes), "the policy forbids inline code"


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_self_contained(strict, page):
    status, headers, text = fetch(strict.url + page)
    assert status == 200 and headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == policy["connect-src"] == "'self'"
    links = Links(text)
    assert links.scripts == ["/docs/page.js"]
    for link in links.links:
        assert link == "data:," or re.fullmatch(r"/[a-z./]+", link), link
        if link.startswith("/"):
            assert fetch(strict.url + link)[0] == 200, link
    for file, kind in (("page.js", "text/javascript"), ("page.css", "text/css")):
        _, headers, text = fetch(f"{strict.url}/docs/{file}")
        assert headers["content-type"].startswith(kind) and headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"https?://|//[a-z]+\.|@import|url\(|innerHTML|eval\(", text)


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs the Debian package chromium")
@pytest.mark.parametrize("page", PAGES)
def test_pages_in_a_browser(strict, page, tmp_path):
    paths = json.loads(fetch(strict.url + "/openapi.json")[2])["paths"]
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
               "--virtual-time-budget=10000", "--dump-dom", strict.url + page]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT).stdout
    assert f'data-operations="{sum(len(path) for path in paths.values())}"' in shown
    assert "Create an API key" in shown and 'class="error"' not in shown and "[object" not in shown
