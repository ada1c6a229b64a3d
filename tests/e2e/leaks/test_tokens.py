"""Nothing leaves a run of the secrets that tokens are had for."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from sync.sandbox.faults import Answer
from sync.sandbox.token_endpoint import TokenServer
from tests.e2e.leaks.conftest import DEBUG, Process
from tests.e2e.leaks.other_host import OtherHost
from tests.e2e.leaks.secrets_in_use import (
    CLIENT_SECRET,
    REFRESH_TOKEN,
    SAID,
    SOURCE_TOKEN,
    TARGET_TOKEN,
    found_in_all,
)


class TestTokens:
    """Secrets that tokens are had for."""

    @pytest.fixture
    def endpoint(self) -> Iterator[TokenServer]:
        with TokenServer("sync", CLIENT_SECRET, refresh_token=REFRESH_TOKEN, lifetime=3600) as server:
            yield server

    @pytest.fixture(params=["client", "refresh token"])
    def oauth(self, endpoint: TokenServer, request: pytest.FixtureRequest) -> dict[str, str]:
        refresh_token = REFRESH_TOKEN if request.param == "refresh token" else ""
        return {
            "HEIMDALL_TARGET_TOKEN": "",
            "HEIMDALL_TARGET_TOKEN_URL": endpoint.url,
            "HEIMDALL_TARGET_CLIENT_ID": "sync",
            "HEIMDALL_TARGET_CLIENT_SECRET": CLIENT_SECRET,
            "HEIMDALL_TARGET_REFRESH_TOKEN": refresh_token,
        }

    def test_nothing_is_found_where_they_are_good(
        self, process: Process, endpoint: TokenServer, oauth: dict[str, str]
    ) -> None:
        left = process("apply", DEBUG, **oauth)
        assert left.code == 1
        assert "[FAILED]" in left.text
        assert found_in_all(left.places) == set()
        for token in endpoint.issued:
            _, payload, signature = token.split(".")
            for place, content in left.places.items():
                assert payload.encode() not in content, place
                assert signature.encode() not in content, place

    @pytest.mark.parametrize("status", [200, 307, 400, 401, 403, 500])
    def test_nothing_is_found_where_the_endpoint_quotes_them(
        self, here: Process, endpoint: TokenServer, oauth: dict[str, str], status: int
    ) -> None:
        said = f"{CLIENT_SECRET} {REFRESH_TOKEN} {quote(CLIENT_SECRET)} {SAID}"
        with OtherHost() as other:
            answer = Answer(
                status=status,
                body=json.dumps({"error": "invalid_client", "error_description": said, said: said}),
                headers={"Location": f"http://{other.address}/"},
            )
            endpoint.answer_next(*[answer] * 20)
            left = here("apply", DEBUG, **oauth)
        assert left.code == 4
        assert found_in_all(left.places) == set()
        assert other.received == b""

    def test_nothing_is_found_of_a_token_file(self, process: Process, tmp_path: Path) -> None:
        file = tmp_path / "token"
        files = {"HEIMDALL_TARGET_TOKEN": "", "HEIMDALL_TARGET_TOKEN_FILE": str(file)}
        for content, code in [
            (f"{TARGET_TOKEN}\n", 1),
            (f"Bearer {TARGET_TOKEN}", 4),
            (f"{TARGET_TOKEN}\n{SOURCE_TOKEN}", 4),
        ]:
            file.write_text(content)
            left = process("apply", DEBUG, **files)
            assert left.code == code, left.text
            assert found_in_all(left.places) == set()
