"""The key goes to the server that was named, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from silicus.errors import InputError, ModelError, SilicusError
from silicus.models.server import Budget, ServerModel, ServerSettings, load_server
from silicus.models.server.secret import Secret
from tests.models.server.conftest import prompts_of
from tests.models.server.upstream import Upstream, said

pytestmark = pytest.mark.usefixtures("quick")

KEY = 'sk-"Zq83/xT$w'


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return KEY


def tells(text: str | bytes) -> list[str]:
    """Return the parts of the key that a text tells."""
    words = text if isinstance(text, str) else text.decode("latin-1")
    return [KEY[n : n + 8] for n in range(len(KEY) - 7) if KEY[n : n + 8] in words.replace("\\", "")]


def model_of(address: str) -> ServerModel:
    return ServerModel(ServerSettings(address=address, model="tiny", budget=Budget(), samples=2), "", "samples")


def test_the_key_is_sent_to_the_server_and_another_variable_may_hold_it(upstream, key, monkeypatch):
    dict(model_of(upstream.address).answer(prompts_of(1)))
    assert {each["Authorization"] for each in upstream.headers} == {f"Bearer {key}"}
    monkeypatch.setenv("OTHER_KEY", "another")
    settings = ServerSettings(
        address=upstream.address, model="tiny", budget=Budget(), samples=2, key_variable="OTHER_KEY"
    )
    upstream.headers.clear()
    dict(ServerModel(settings, "", "samples").answer(prompts_of(1)))
    assert {each["Authorization"] for each in upstream.headers} == {"Bearer another"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 503])
@pytest.mark.parametrize("part", [KEY, KEY[:9], f"before {KEY[2:]} behind"])
def test_a_server_that_repeats_the_key_does_not_bring_it_into_the_message(upstream, key, status, part, capfd, caplog):
    caplog.set_level("INFO")
    echo = {"error": {"message": f"wrong key: {part}", "code": part}}
    upstream.answer = lambda body: (status, echo, {"X-Key": part, "Retry-After": part})
    with pytest.raises(ModelError) as caught:
        dict(model_of(upstream.address).answer(prompts_of(1)))
    assert str(status) in str(caught.value)
    shown = capfd.readouterr()
    assert tells("".join([str(caught.value), repr(caught.value), shown.out, shown.err, caplog.text])) == []
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_neither_key_nor_prompts_are_sent_where_a_server_redirects_to(upstream, key, status):
    with Upstream() as other:
        upstream.answer = lambda body: (status, {}, {"Location": f"{other.address}/chat/completions?key={KEY}"})
        with pytest.raises(ModelError, match=rf"sends elsewhere \(status {status}\).*as --server") as caught:
            dict(model_of(upstream.address).answer(prompts_of(1)))
        assert other.log == other.headers == []
    assert tells(str(caught.value)) == []


def test_an_answer_that_repeats_the_key_is_kept_without_it(upstream, key, tmp_path):
    upstream.answer = lambda body: said(f"1 {KEY} and {KEY[3:]}")
    model = model_of(upstream.address)
    model.keep_in(tmp_path)
    dict(model.answer(prompts_of(3)))
    files = list(tmp_path.rglob("*"))
    assert files
    assert [path.name for path in files if tells(path.read_bytes())] == []
    model.close()
    assert [path.name for path in tmp_path.rglob("*") if tells(path.read_bytes())] == []
    assert rb"1 \u2026 and" in (tmp_path / "calls.sqlite").read_bytes()


def test_names_of_models_that_repeat_the_key_are_not_shown(key):
    with (
        Upstream(models=(f"tinny-{KEY}",)) as upstream,
        pytest.raises(ModelError, match="serves no model 'tiny'") as caught,
    ):
        load_server(ServerSettings(address=upstream.address, model="tiny", budget=Budget()))
    assert tells(str(caught.value)) == []


@pytest.mark.parametrize(
    "address",
    ["http://me:secret@localhost/v1", "ftp://me:secret@localhost", "http://h/v1?key=secret", "http://h/#secret"],
)
def test_an_address_that_holds_a_secret_is_refused_and_not_shown(address):
    with pytest.raises(InputError, match=r"holds a password or a query.*OPENAI_API_KEY") as caught:
        ServerSettings(address=address, model="tiny", budget=Budget())
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["localhost:8000", "http://", "http://[::1/v1", "http://h:port/v1", "file:///etc"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InputError, match=r"expected an address such as http://localhost:8000/v1"):
        ServerSettings(address=address, model="tiny", budget=Budget())


@pytest.mark.parametrize("held", ["sk-one\nsk-two", "key with spaces", "schlüssel"])
def test_a_variable_that_holds_no_key_is_refused_without_showing_it(upstream, monkeypatch, held):
    monkeypatch.setenv("OPENAI_API_KEY", held)
    with pytest.raises(InputError, match="the variable OPENAI_API_KEY holds characters that no key has") as caught:
        dict(model_of(upstream.address).answer(prompts_of(1)))
    assert held not in str(caught.value)
    assert upstream.headers == []


def test_a_line_end_behind_the_key_does_no_harm(upstream, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one\n")
    dict(model_of(upstream.address).answer(prompts_of(1)))
    assert upstream.headers[0]["Authorization"] == "Bearer sk-one"


def test_a_key_is_not_shown_with_what_holds_it(key):
    assert tells(repr(Secret.of("OPENAI_API_KEY"))) == []


def test_no_code_but_that_of_the_key_reads_it():
    source = Path(__file__).parents[3] / "src" / "silicus"
    own = [source / "models" / "server", source / "workflow" / "served.py"]
    files = [path for each in own for path in ([each] if each.is_file() else each.rglob("*.py"))]
    assert [path.name for path in files if re.search(r"os\.environ|getenv|secret\.sent\b", path.read_text())] == [
        "client.py",
        "secret.py",
    ]


def test_every_error_of_a_server_is_one_of_our_own(upstream, key):
    upstream.answer = lambda body: (418, b"\x00\xff<html>", {"Content-Type": "text/html"})
    with pytest.raises(SilicusError, match=r"refuses the call \(status 418\)"):
        dict(model_of(upstream.address).answer(prompts_of(1)))
