import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from sync.ci import CI_VARIABLES
from sync.errors import ExitCode, UsageError
from sync.model.plan import Strategy
from sync.overlaps.questions import Ask
from sync.run.command_line import load
from sync.run.option_table import Command
from sync.run.option_types import ExportedSide, Layout
from sync.run.options import Option, options
from sync.run.settings import Settings

NOWHERE = Path(__file__, "no secrets here")
NEEDED = {
    "HEIMDALL_SOURCE_URL": "https://source.example",
    "HEIMDALL_SOURCE_TOKEN": "source-token",
    "HEIMDALL_TARGET_URL": "https://target.example",
    "HEIMDALL_TARGET_TOKEN": "target-token",
}
EXAMPLES: dict[str, tuple[str, object]] = {
    "command": ("check", Command.CHECK),
    "source_url": ("http://127.0.0.1:8080/heimdall/", "http://127.0.0.1:8080/heimdall"),
    "source_token": ("abc.def", SecretStr("abc.def")),
    "target_url": ("HTTPS://Target.Example", "HTTPS://Target.Example"),
    "target_token": ("-abc", SecretStr("-abc")),
    "source_name": ("staging", "staging"),
    "target_name": ("production", "production"),
    "dry_run": ("true", True),
    "backup": (__file__, Path(__file__)),
    "plan": (__file__, Path(__file__)),
    "expect_digest": (f"sha256:{'0' * 64}", f"sha256:{'0' * 64}"),
    "detailed_exitcode": ("true", True),
    "debug": ("true", True),
    "protect": ("group:*", ("group:*",)),
    "recreate": ("role:auditor", ("role:auditor",)),
    "ignore": ("mapping:GET /health$", ("mapping:GET /health$",)),
    "max_delete_percent": ("0", 0),
    "delete_guard_minimum": ("1", 1),
    "allow_empty_source": ("true", True),
    "allow_same_environment": ("true", True),
    "allow_superadmin_grant": ("true", True),
    "allow_self_lockout": ("true", True),
    "allow_http": ("true", True),
    "fail_on_unprotected": ("true", True),
    "fail_on_transient_exposure": ("true", True),
    "fail_on_new_access": ("true", True),
    "sensitive": ("GET /a,b", ("GET /a,b",)),
    "allow_sensitive": ("true", True),
    "gate": ("production", ("production",)),
    "accept_ungated": ("true", True),
    "wait_for_caches": ("true", True),
    "receipt": (__file__, Path(__file__)),
    "against_git": (__file__, Path(__file__)),
    "source_token_file": ("/run/token", Path("/run/token")),
    "source_token_url": ("https://keycloak.example/token", "https://keycloak.example/token"),
    "source_client_id": ("sync", "sync"),
    "source_client_secret": ("s3cret", SecretStr("s3cret")),
    "source_refresh_token": ("r3fresh", SecretStr("r3fresh")),
    "target_token_file": ("/run/token", Path("/run/token")),
    "target_token_url": ("https://keycloak.example/token", "https://keycloak.example/token"),
    "target_client_id": ("sync", "sync"),
    "target_client_secret": ("s3cret", SecretStr("s3cret")),
    "target_refresh_token": ("r3fresh", SecretStr("r3fresh")),
    "resume": ("1", True),
    "strategy": ("zero-downtime", Strategy.ZERO_DOWNTIME),
    "accept": ("role:data-*", ("role:data-*",)),
    "ask": ("all", Ask.ALL),
    "countdown": ("0", 0),
    "side": ("target", ExportedSide.TARGET),
    "layout": ("folder", Layout.FOLDER),
    "export_path": ("/git/snapshot", Path("/git/snapshot")),
    "contract": (__file__, Path(__file__)),
    "output_dir": ("/reports", Path("/reports")),
    "checkpoint_file": ("progress.json", Path("progress.json")),
    "concurrency": ("64", 64),
    "timeout": ("0.5", 0.5),
    "retries": ("1", 1),
    "give_up_after": ("0.5", 0.5),
    "ca_file": (__file__, Path(__file__)),
}
OAUTH = {
    "TOKEN_URL": "https://keycloak.example/realm",
    "CLIENT_ID": "client",
    "CLIENT_SECRET": "secret",
    "REFRESH_TOKEN": "refresh",
}


def besides(option: Option) -> dict[str, str]:
    """Return the variables that an option needs beside it."""
    side, _, field = option.name.partition("_")
    others = dict(NEEDED)
    if option.name == "expect_digest":
        others["HEIMDALL_PLAN"] = __file__
    if option.name in {"side", "layout", "export_path"}:
        others["HEIMDALL_COMMAND"] = "export"
    if option.name == "backup":
        others["HEIMDALL_COMMAND"] = "rollback"
    if option.name == "against_git":
        others["HEIMDALL_COMMAND"] = "drift"
    if option.name == "contract":
        others |= {"HEIMDALL_COMMAND": "plan", "HEIMDALL_TARGET_URL": __file__}
    if field == "token_file" or field.upper() in OAUTH:
        del others[f"HEIMDALL_{side.upper()}_TOKEN"]
    if field.upper() in OAUTH:
        others |= {f"HEIMDALL_{side.upper()}_{name}": value for name, value in OAUTH.items()}
    return others


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that every user may look into, unlike those that pytest makes."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def anybody() -> Iterator[None]:
    """Be an ordinary user while the block runs: root may read everything."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


every_option = pytest.mark.parametrize("option", list(options()), ids=lambda option: option.name)


def loaded(*argv: str, environ: Mapping[str, str] = NEEDED, secrets: Path = NOWHERE) -> Settings:
    return load(argv, environ, secrets)


def problems_of(*argv: str, environ: Mapping[str, str] = NEEDED, secrets: Path = NOWHERE) -> tuple[str, ...]:
    with pytest.raises(UsageError) as caught:
        load(argv, environ, secrets)
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.problems


class TestSources:
    def test_every_option_has_an_example_here(self) -> None:
        assert {option.name for option in options()} == EXAMPLES.keys()

    @every_option
    def test_flag(self, option: Option) -> None:
        text, value = EXAMPLES[option.name]
        if option.name == "command":
            assert loaded(text).command is value
        elif option.value:
            environ = besides(option)
            assert getattr(loaded(option.flag, text, environ=environ), option.name) == value
            assert getattr(loaded(f"{option.flag}={text}", environ=environ), option.name) == value
        else:
            assert getattr(loaded(option.flag), option.name) is value

    @every_option
    def test_variable(self, option: Option) -> None:
        text, value = EXAMPLES[option.name]
        assert getattr(loaded(environ=besides(option) | {option.variable: text}), option.name) == value

    @every_option
    def test_secrets_file(self, option: Option, tmp_path: Path) -> None:
        text, value = EXAMPLES[option.name]
        (tmp_path / option.variable.lower()).write_text(f"{text}\n")
        environ = besides(option) | {option.variable: " "}
        assert getattr(loaded(environ=environ, secrets=tmp_path), option.name) == value

    @every_option
    def test_default(self, option: Option) -> None:
        settings = loaded("demo", environ={option.variable: ""})
        if option.name != "command":
            assert getattr(settings, option.name) == Settings.model_fields[option.name].default

    def test_a_flag_wins_over_a_variable_and_a_variable_over_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "heimdall_retries").write_text("3")
        environ = NEEDED | {"HEIMDALL_RETRIES": "2"}
        assert loaded("--retries", "1", environ=environ, secrets=tmp_path).retries == 1
        assert loaded(environ=environ, secrets=tmp_path).retries == 2
        assert loaded(secrets=tmp_path).retries == 3
        (tmp_path / "heimdall_retries").write_text("\n")
        assert loaded(secrets=tmp_path).retries == 5

    def test_other_files_beside_the_secrets_do_no_harm(self, tmp_path: Path) -> None:
        (tmp_path / "kubernetes.io").mkdir()
        (tmp_path / "other").write_bytes(b"\xff")
        assert loaded(secrets=tmp_path) == loaded()

    def test_a_secrets_file_that_can_not_be_read_is_named(self, folder: Path) -> None:
        source, target = folder / "heimdall_source_token", folder / "heimdall_target_token"
        source.write_bytes(b"abc\xff")
        target.mkdir()  # what Docker mounts where the file to mount is missing
        environ = {name: value for name, value in NEEDED.items() if "TOKEN" not in name}
        assert problems_of(environ=environ, secrets=folder) == (
            f"--source-token (HEIMDALL_SOURCE_TOKEN): its file {source} is not UTF-8 text",
            f"--target-token (HEIMDALL_TARGET_TOKEN): its file {target} can't be read: Is a directory",
        )
        assert loaded(secrets=folder).source_token == SecretStr("source-token")  # which needs no file

    def test_a_secrets_file_of_another_user_is_named(self, folder: Path) -> None:
        path = folder / "heimdall_source_token"
        path.write_text("abc")
        path.chmod(0)
        environ = {name: value for name, value in NEEDED.items() if name != "HEIMDALL_SOURCE_TOKEN"}
        with anybody():
            assert problems_of(environ=environ, secrets=folder) == (
                f"--source-token (HEIMDALL_SOURCE_TOKEN): its file {path} can't be read: Permission denied",
            )

    def test_a_folder_of_secrets_that_can_not_be_opened_is_named_where_something_is_missing(
        self, folder: Path
    ) -> None:
        (folder / "heimdall_source_token").write_text("abc")
        folder.chmod(0)
        environ = {name: value for name, value in NEEDED.items() if name != "HEIMDALL_SOURCE_TOKEN"}
        with anybody():
            assert problems_of(environ=environ, secrets=folder)[1:] == (
                f"{folder}: this user can't open the folder, which may hold the missing settings",
            )
            assert loaded(secrets=folder) == loaded()

    def test_without_being_told_otherwise_the_variables_are_the_process_s(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HEIMDALL_RETRIES", "7")
        assert load(["demo"]).retries == 7

    def test_no_env_file_is_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / ".env").write_text("HEIMDALL_RETRIES=7")
        monkeypatch.chdir(tmp_path)
        assert loaded().retries == 5

    def test_the_constructor_looks_at_its_arguments_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HEIMDALL_RETRIES", "7")
        assert Settings(concurrency=2).retries == 5


class TestCommand:
    @pytest.mark.parametrize(
        ("argv", "command"),
        [
            ([], Command.APPLY),
            (["--dry-run"], Command.PLAN),
            (["--resume", "--checkpoint-file", "old.json"], Command.APPLY),
            (["--dry-run", "plan"], Command.PLAN),
            (["check", "--dry-run"], Command.CHECK),
            (["--retries", "1", "apply", "--resume"], Command.APPLY),
        ],
    )
    def test_what_is_done(self, argv: list[str], command: Command) -> None:
        assert loaded(*argv).effective_command is command

    def test_apply_contradicts_a_dry_run(self) -> None:
        expected = ("--dry-run (HEIMDALL_DRY_RUN): contradicts the command apply",)
        assert problems_of("apply", "--dry-run") == expected
        assert problems_of("apply", environ=NEEDED | {"HEIMDALL_DRY_RUN": "yes"}) == expected

    @pytest.mark.parametrize("variable", CI_VARIABLES)
    @pytest.mark.parametrize("argv", [[], ["--dry-run"]], ids=str)
    def test_in_ci_it_must_be_given(self, variable: str, argv: list[str]) -> None:
        expected = ("command (HEIMDALL_COMMAND): missing: check, plan, apply, rollback, drift or export",)
        assert problems_of(*argv, environ=NEEDED | {variable: "true"}) == expected
        assert loaded("apply", environ=NEEDED | {variable: "true"}).command is Command.APPLY
        assert loaded(environ=NEEDED | {variable: "false"}).effective_command is Command.APPLY

    def test_an_action_must_be_given_one(self) -> None:
        expected = ("command (HEIMDALL_COMMAND): missing: check, plan, apply, rollback, drift or export",)
        assert problems_of(environ=NEEDED | {"INPUT_COMMAND": ""}) == expected
        assert problems_of("", environ=NEEDED | {"INPUT_COMMAND": ""}) == expected

    def test_an_action_has_it_as_an_argument_as_well(self) -> None:
        environ = NEEDED | {"INPUT_COMMAND": "plan", "HEIMDALL_COMMAND": "plan"}
        assert loaded("plan", environ=environ).command is Command.PLAN
        assert loaded("", environ=environ).command is Command.PLAN
        assert loaded("plan\n", environ=environ).command is Command.PLAN
        assert problems_of("apply", environ=environ) == (
            "command (HEIMDALL_COMMAND): the action's argument differs from its input",
        )

    @pytest.mark.parametrize("argv", [["plan"], ["check"], ["drift"], ["export"], ["demo"], ["--dry-run"]])
    def test_only_an_apply_is_resumed(self, argv: list[str]) -> None:
        assert problems_of(*argv, "--resume") == (
            "--resume (HEIMDALL_RESUME): goes with the commands apply and rollback, without --dry-run",
        )

    def test_the_demo_needs_nothing(self) -> None:
        settings = loaded("demo", environ={})
        assert settings.source_url == ""
        assert not settings.target_token

    @pytest.mark.parametrize("command", ["check", "plan", "apply"])
    def test_every_other_command_needs_both_environments(self, command: str) -> None:
        assert problems_of(command, environ={}) == (
            (
                "--source-url (HEIMDALL_SOURCE_URL): missing: URL of the environment to copy from; it is "
                "only read"
            ),
            (
                "--source-token (HEIMDALL_SOURCE_TOKEN): missing: the token of a superadmin, or a "
                "token file, or a token URL with a client"
            ),
            "--target-url (HEIMDALL_TARGET_URL): missing: URL of the environment to change",
            (
                "--target-token (HEIMDALL_TARGET_TOKEN): missing: the token of a superadmin, or a "
                "token file, or a token URL with a client"
            ),
        )


class TestProblems:
    def test_all_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "heimdall_timeout").write_text("0")
        argv = [
            "apply",
            "--target-tokn",
            "eyJ",
            "--source-token",
            "--resume=1",
            "--xyzzy",
            "--accept=x",
            "again",
        ]
        environ = {
            "HEIMDALL_SOURCE_URL": "https://user:password@source.example",
            "HEIMDALL_DRY_RUN": "perhaps",
            "HEIMDALL_STRATEGY": "quick",
            "HEIMDALL_CONCURRENCY": "65",
            "HEIMDALL_RETRIES": "few",
            "HEIMDALL_CA_FILE": "nowhere.pem",
        }
        assert problems_of(*argv, environ=environ, secrets=tmp_path) == (
            "--target-tokn: no such flag; did you mean --target-token?",
            "--source-token (HEIMDALL_SOURCE_TOKEN): expects a value",
            "--resume (HEIMDALL_RESUME): takes no value",
            "--xyzzy: no such flag",
            "argument 8: unexpected: the command is already given",
            "--source-url (HEIMDALL_SOURCE_URL): should be an http(s) URL without credentials or query",
            "--dry-run (HEIMDALL_DRY_RUN): should be a valid boolean, unable to interpret input",
            "--strategy (HEIMDALL_STRATEGY): should be 'least-privilege' or 'zero-downtime'",
            (
                "--accept (HEIMDALL_ACCEPT): should be kind:name or kind:glob, the kind one of action, role, "
                "mapping, group"
            ),
            "--concurrency (HEIMDALL_CONCURRENCY): should be less than or equal to 64",
            "--timeout (HEIMDALL_TIMEOUT): should be greater than 0",
            "--retries (HEIMDALL_RETRIES): should be a valid integer, unable to parse string as an integer",
            "--ca-file (HEIMDALL_CA_FILE): should be an existing file",
            "--target-url (HEIMDALL_TARGET_URL): missing: URL of the environment to change",
            (
                "--target-token (HEIMDALL_TARGET_TOKEN): missing: the token of a superadmin, or a "
                "token file, or a token URL with a client"
            ),
        )

    @pytest.mark.parametrize(
        ("command", "problem"),
        [
            ("aply", "unknown command 'aply'; did you mean apply?"),
            ("Plan", "unknown command 'Plan'; did you mean plan?"),
            (
                "xyzzy",
                "unknown command 'xyzzy'; the commands are check, plan, apply, rollback, drift, export, demo",
            ),
            (
                "https://source.example",
                "unknown command; the commands are check, plan, apply, rollback, drift, export, demo",
            ),
        ],
    )
    def test_an_unknown_command_is_all_that_is_complained_about(self, command: str, problem: str) -> None:
        assert problems_of(command, "--xyzzy", environ={"HEIMDALL_RETRIES": "few"}) == (problem,)
        assert problems_of(environ={"HEIMDALL_COMMAND": command}) == (problem,)

    def test_variables_that_were_empty_in_the_shell(self) -> None:
        """What `--source-token $TOKEN --target-token "$TOKEN"` becomes without a `TOKEN`."""
        assert problems_of("--source-token", "--target-token", "") == (
            "--source-token (HEIMDALL_SOURCE_TOKEN): expects a value",
            "--target-token (HEIMDALL_TARGET_TOKEN): expects a value",
        )

    def test_flags_are_not_abbreviated(self) -> None:
        assert problems_of("--source-tok", "abc") == (
            "--source-tok: no such flag; did you mean --source-token?",
        )

    @pytest.mark.parametrize("flag", ["--no-such-flag", "-x", "--output_dir"])
    def test_unknown_flags_are_named(self, flag: str) -> None:
        (problem,) = problems_of("plan", flag)
        assert problem.startswith(f"{flag}: no such flag")

    @pytest.mark.parametrize(
        "url",
        [
            "source.example",
            "//source.example",
            "ftp://source.example",
            "https://",
            "https://:8080",
            "https://source.example:port",
            "https://source.example:0",
            "https://[::1",
            "https://user@source.example",
            "https://source.example?tenant=1",
            "https://source.example?",
            "https://source.example#top",
            "https://source.example/a b",
            "https://source.example\\@other.example",
            "https://source\n.example",
            "https://source..example",
            "https://.example",
            f"https://{'a' * 64}.example",
        ],
    )
    def test_urls_that_are_none(self, url: str) -> None:
        for side in ("source", "target"):
            (problem,) = problems_of(f"--{side}-url", url)
            assert problem.startswith(
                f"--{side}-url (HEIMDALL_{side.upper()}_URL): should be an http(s) URL without credentials "
                "or query"
            )

    @pytest.mark.parametrize("token", ["Bearer abc", "abc\ndef", "abc\x00", "ab\u00e7"])
    def test_tokens_that_fit_in_no_header(self, token: str) -> None:
        assert problems_of("--source-token", token) == (
            "--source-token (HEIMDALL_SOURCE_TOKEN): should be one line with neither spaces nor 'Bearer'",
        )

    @pytest.mark.parametrize("pattern", ["role", "role:", "user:*", ":x"])
    def test_patterns_that_are_none(self, pattern: str) -> None:
        assert len(problems_of("--accept", "role:a", "--accept", pattern)) == 1

    @pytest.mark.parametrize(
        ("flag", "value"),
        [
            ("--concurrency", "0"),
            ("--timeout", "nan"),
            ("--timeout", "inf"),
            ("--timeout", "-1"),
            ("--retries", "0"),
            ("--countdown", "-5"),
            ("--countdown", "1.5"),
            ("--ca-file", ""),
            ("--output-dir", ""),
        ],
    )
    def test_values_out_of_range(self, flag: str, value: str) -> None:
        (problem,) = problems_of(flag, value)
        assert problem.startswith(f"{flag} (HEIMDALL_")


class TestAccept:
    def test_in_a_variable_separated_by_line_breaks_and_commas(self) -> None:
        environ = NEEDED | {"HEIMDALL_ACCEPT": "role:a, role:b\r\n\n mapping:GET /x y\n"}
        assert loaded(environ=environ).accept == ("role:a", "role:b", "mapping:GET /x y")

    def test_a_comma_separates_only_where_the_next_pattern_begins(self, tmp_path: Path) -> None:
        more = tmp_path / "more.txt"
        more.write_text("group:a,b  # of others\n# nothing\nmapping:GET /x#y\n")
        given = f"mapping:GET /x{{1,2}}$,mapping:GET /y, z, @{more}, 'role:it'\"'\"'s, mine',"
        assert loaded(environ=NEEDED | {"HEIMDALL_ACCEPT": given}).accept == (
            "mapping:GET /x{1,2}$",
            "mapping:GET /y, z",
            "group:a,b",
            "mapping:GET /x#y",
            "role:it's, mine",
        )

    def test_as_a_flag_once_for_each(self) -> None:
        argv = ["--accept", "role:a", "--accept=mapping:GET /x/\\d{1,3}$"]
        assert loaded(*argv).accept == ("role:a", "mapping:GET /x/\\d{1,3}$")


class TestNames:
    @pytest.mark.parametrize(
        "name", ["p" * 30, "production-of-the-customers-in-the-west", "Produção / EU: " + "west " * 48]
    )
    def test_what_an_environment_on_github_may_be_called(self, name: str) -> None:
        settings = loaded("--target-name", name.strip(), environ=NEEDED | {"HEIMDALL_GATE": name.strip()})
        assert (settings.target_name, settings.gate) == (name.strip(), (name.strip(),))

    @pytest.mark.parametrize(
        "name",
        [
            "GpTzKq3vXw8mR5nLb7cYd2fHj4sAe9uQ",
            "8f14e45f-ceea-467f-a9f4-1b0e4a3c7d2a",
            "production/eyJhbGciOiJIUzI1NiJ9.",
            "x" * 31,
            "west " * 51 + "w",
            "north\nsouth",
        ],
    )
    def test_what_may_be_a_secret_is_no_name(self, name: str) -> None:
        (problem,) = problems_of("--source-name", name)
        assert name not in problem

    def test_a_gate_is_an_environment_by_the_name_that_the_job_has(self, tmp_path: Path) -> None:
        (tmp_path / "names").write_text("gated")
        given = f"@{tmp_path}/names\r\n\n'a', \"b\"\n"
        settings = loaded(environ=NEEDED | {"HEIMDALL_GATE": given})
        assert settings.gate == (f"@{tmp_path}/names", "'a', \"b\"")
        assert settings.pattern_files == ()

    @pytest.mark.parametrize("name", [".", "..", " production", "production\t"])
    def test_a_gate_that_might_be_another_environment_is_refused(self, name: str) -> None:
        (problem,) = problems_of(environ=NEEDED | {"HEIMDALL_GATE": f"staging\n{name}\n"})
        assert problem.startswith("--gate (HEIMDALL_GATE): should ")


class TestCountdown:
    def test_on_a_terminal_there_is_time_to_cancel(self) -> None:
        assert loaded().countdown_seconds(terminal=True) == 5
        assert loaded().countdown_seconds(terminal=False) == 0

    def test_as_told(self) -> None:
        assert loaded("--countdown", "2").countdown_seconds(terminal=False) == 2
        assert loaded("--countdown", "0").countdown_seconds(terminal=True) == 0


TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.s1gnature"
MISTAKES: list[str] = [
    TOKEN,
    f"-{TOKEN}",
    f"--{TOKEN}",
    f"-t{TOKEN}",
    f"--target-tokn={TOKEN}",
    "--target-tokn",
    "--token",
    f"https://user:{TOKEN}@source.example",
    "plan",
    *(option.flag for option in options() if option.annotation is not Path),
    *(f"{option.flag}={TOKEN}" for option in options() if option.annotation is not Path),
]


class TestSecrets:
    @given(
        argv=st.lists(st.sampled_from(MISTAKES), max_size=6),
        environ=st.dictionaries(
            st.sampled_from([option.variable for option in options() if option.annotation is not Path]),
            st.sampled_from([TOKEN, f"Bearer {TOKEN}", f"https://{TOKEN}@source.example"]),
        ),
    )
    def test_a_token_in_a_wrong_place_is_shown_nowhere(
        self, argv: list[str], environ: dict[str, str]
    ) -> None:
        try:
            shown = repr(load(argv, NEEDED | environ, NOWHERE))
        except UsageError as error:
            shown = "".join(traceback.format_exception(error))
        assert TOKEN not in shown

    @pytest.mark.parametrize("show", [repr, str, Settings.model_dump_json], ids=["repr", "str", "json"])
    def test_settings_show_no_token(self, show: Callable[[Settings], str]) -> None:
        shown = show(loaded("--source-token", TOKEN))
        assert "https://source.example" in shown
        assert TOKEN not in shown
        assert "target-token" not in shown

    def test_a_token_as_a_flag_is_warned_of(self) -> None:
        assert loaded("--source-token", TOKEN, "--target-token", TOKEN).warnings == (
            "--source-token is visible to every process of this machine: use HEIMDALL_SOURCE_TOKEN",
            "--target-token is visible to every process of this machine: use HEIMDALL_TARGET_TOKEN",
        )

    def test_a_token_from_elsewhere_is_not(self) -> None:
        assert loaded(environ=NEEDED | {"HEIMDALL_WARNINGS": "made up"}).warnings == ()


def test_sensitive_endpoints_are_separated_where_the_next_one_begins() -> None:
    given = "DELETE /users*, GET /a,b,\n* /c"
    settings = loaded("plan", environ=NEEDED | {"HEIMDALL_SENSITIVE": given})
    assert settings.sensitive == ("DELETE /users*", "GET /a,b", "* /c")
    (problem,) = problems_of("plan", "--sensitive", "/users")
    assert "a method and a path" in problem
