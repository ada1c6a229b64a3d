"""A snapshot as a folder of TOML: what is written is read again, and what is edited is understood."""

import json
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sync.errors import HeimdallSyncError, MistakesError, ReadError, RefusedError
from sync.model.ranking import Ranking
from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import ranking_of, winners_of
from sync.sandbox.example import staging
from sync.snapshots.entries import SCHEMA, folder_schema
from sync.snapshots.folder import read_snapshot, write_folder
from sync.snapshots.reading import STAGE
from sync.snapshots.toml import files_of
from tests.plan.pairs import overlapping, snapshots

MODE = 0o644

ME, ANY, FILES = "GET /users/me$", "GET /users/([^/]+)$", "GET /users/([^/]+)/files$"


def canonical(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with the order that a reading of its environment would give it."""
    present = frozenset(mapping.name for mapping in snapshot.mappings)
    return snapshot.ranked(ranking_of(winners_of(snapshot.ranking, overlaps_of(present), present), present))


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a folder, by its path there."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def small(*, over: str = ME) -> Snapshot:
    """Return two mappings that overlap, and who may call them."""
    first = {ME: ANY, ANY: ME}[over]
    return Snapshot(
        actions=(Action(name="users:read", description="Read users"), Action(name="users:self")),
        roles=(Role(name="viewer", actions=("users:read", "users:self")), Role(name="hidden", actions=None)),
        mappings=(Mapping.named(ME, "users:self"), Mapping.named(ANY, "users:read", "A user")),
        groups=(Group(name="team", roles=("viewer",)),),
        precedence=(first, over),
    )


def mistakes_in(path: Path) -> list[str]:
    """Return what is wrong with a file or a folder, each with its place in it."""
    with pytest.raises(MistakesError) as caught:
        read_snapshot(path)
    return [problem.replace(f"{path}/", "").replace(f"{path}:", ":") for problem in caught.value.problems]


class TestRoundTrip:
    @given(st.one_of(snapshots(), overlapping()))
    @settings(deadline=None, max_examples=25)  # each is written and synchronised to the disk
    def test_what_is_written_is_read_again_and_gives_the_same_bytes(
        self, tmp_path_factory: pytest.TempPathFactory, snapshot: Snapshot
    ) -> None:
        wanted = canonical(snapshot)
        folder = tmp_path_factory.mktemp("folder")
        write_folder(folder, snapshot, MODE)
        written = bytes_in(folder)
        found = read_snapshot(folder)
        assert found == wanted
        assert found.digest == wanted.digest
        write_folder(folder, found, MODE)
        assert bytes_in(folder) == written

    @given(name=st.text(min_size=1), said=st.text())
    @settings(deadline=None, max_examples=25)  # each is written and synchronised to the disk
    def test_any_text_is_kept(self, tmp_path_factory: pytest.TempPathFactory, name: str, said: str) -> None:
        snapshot = Snapshot(
            actions=(Action(name=name, description=said),),
            roles=(Role(name=name, description=said, actions=(name,)),),
            mappings=(Mapping(method="GET", path_pattern=name, action=name, description=said),),
            groups=(Group(name=name, description=said, roles=(name,)),),
        )
        folder = tmp_path_factory.mktemp("folder")
        write_folder(folder, snapshot, MODE)
        assert read_snapshot(folder) == canonical(snapshot)

    def test_names_that_differ_only_in_case_have_files_that_differ_in_more(self, tmp_path: Path) -> None:
        names = ("Admin", "ADMIN", "admin", "a/b", "a_b", "con", "x" * 300, "..", "é")
        snapshot = Snapshot(roles=tuple(Role(name=name) for name in names))
        files = [name.casefold() for name in files_of(snapshot) if name.startswith("roles/")]
        assert len(set(files)) == len(names)
        assert "roles/admin.toml" in files
        write_folder(tmp_path, snapshot, MODE)
        assert read_snapshot(tmp_path) == snapshot

    def test_both_layers_of_a_server_keep_their_order(self, tmp_path: Path) -> None:
        """Simple patterns are only matched by the database, whose first row wins."""
        names = ("ANY /a/([^/]+)$", "ANY /a/(.*)$", "ANY /(.*)$")
        snapshot = Snapshot(
            actions=(Action(name="a"),), mappings=tuple(Mapping.named(name, "a") for name in names)
        )
        for rows in (names, names[::-1]):
            wanted = canonical(snapshot.ranked(Ranking((), rows)))
            assert wanted.rows == rows
            write_folder(tmp_path, wanted, MODE)
            assert read_snapshot(tmp_path) == wanted

    def test_every_file_is_valid_by_its_schema(self, tmp_path: Path) -> None:
        write_folder(tmp_path, staging(), MODE)
        assert (tmp_path / SCHEMA).read_text() == folder_schema()
        schema = json.loads(folder_schema())
        Draft202012Validator.check_schema(schema)
        for file in tmp_path.rglob("*.toml"):
            head, text = file.read_text().split("\n", 1)
            named = file.parent / head.removeprefix("#:schema ")
            assert named.resolve() == tmp_path / SCHEMA
            Draft202012Validator(schema).validate(tomllib.loads(text))


def test_a_reviewer_reads_who_wins_where_it_matters(tmp_path: Path) -> None:
    write_folder(tmp_path, small(), MODE)
    assert (
        (tmp_path / "mappings.toml").read_text()
        == """\
#:schema snapshot-folder-1.json

[[mappings]]
endpoint = "GET /users/([^/]+)$"
action = "users:read"
description = "A user"

[[mappings]]
endpoint = "GET /users/me$"
action = "users:self"
wins_over = [
  "GET /users/([^/]+)$",
]
"""
    )
    assert (
        (tmp_path / "roles" / "viewer.toml").read_text()
        == """\
#:schema ../snapshot-folder-1.json

[[roles]]
name = "viewer"
actions = [
  "users:read",
  "users:self",
]
"""
    )
    assert "unreadable = true" in (tmp_path / "roles" / "hidden.toml").read_text()


def test_text_that_could_deceive_a_reviewer_is_escaped(tmp_path: Path) -> None:
    snapshot = Snapshot(actions=(Action(name="a\u202eb", description="\x7f\n[[roles]]\u200b"),))
    write_folder(tmp_path, snapshot, MODE)
    assert r'name = "a\u202eb"' in (tmp_path / "actions.toml").read_text()
    assert r'description = "\u007f\n[[roles]]\u200b"' in (tmp_path / "actions.toml").read_text()
    assert read_snapshot(tmp_path) == snapshot


def test_a_pattern_with_a_backslash_stands_there_as_it_is(tmp_path: Path) -> None:
    snapshot = Snapshot(actions=(Action(name="a"),), mappings=(Mapping.named(r"GET /users/(\d+)$", "a"),))
    write_folder(tmp_path, snapshot, MODE)
    assert r"endpoint = 'GET /users/(\d+)$'" in (tmp_path / "mappings.toml").read_text()
    assert read_snapshot(tmp_path) == snapshot


class TestExport:
    def test_what_is_gone_is_removed_and_what_is_no_toml_is_left(self, tmp_path: Path) -> None:
        write_folder(tmp_path, small(), MODE)
        (tmp_path / "README.md").write_text("Ask security before you change this.")
        (tmp_path / "groups" / "OWNERS").write_text("security")
        write_folder(tmp_path, small().model_copy(update={"groups": ()}), MODE)
        assert not (tmp_path / "groups" / "team.toml").exists()
        assert (tmp_path / "README.md").read_text() == "Ask security before you change this."
        assert (tmp_path / "groups" / "OWNERS").exists()

    def test_only_what_changes_is_written(self, tmp_path: Path) -> None:
        write_folder(tmp_path, small(), MODE)
        before = {file: file.stat().st_ino for file in tmp_path.rglob("*.toml")}
        write_folder(tmp_path, small(over=ANY), MODE)
        changed = {file.name for file, inode in before.items() if file.stat().st_ino != inode}
        assert changed == {"mappings.toml"}

    @pytest.mark.parametrize("name", ["teams.toml", "more/x.toml", "roles/pyproject.toml"])
    def test_a_toml_file_of_somebody_else_is_refused(self, tmp_path: Path, name: str) -> None:
        write_folder(tmp_path, small(), MODE)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('[project]\nname = "x"\n')
        before = bytes_in(tmp_path)
        with pytest.raises(RefusedError, match=name):
            write_folder(tmp_path, small(over=ANY), MODE)
        assert bytes_in(tmp_path) == before

    def test_a_folder_that_can_not_be_written_stays_whole(self, tmp_path: Path) -> None:
        write_folder(tmp_path, small(), MODE)
        before = bytes_in(tmp_path)
        (tmp_path / STAGE).write_text("in the way")
        with pytest.raises(HeimdallSyncError, match="can't be written"):
            write_folder(tmp_path, small(over=ANY), MODE)
        (tmp_path / STAGE).unlink()
        assert bytes_in(tmp_path) == before

    def test_whenever_it_is_killed_the_folder_is_old_or_new_or_says_that_it_is_neither(
        self, tmp_path: Path
    ) -> None:
        """Each attempt lives for one more renamed or removed file than the one before."""
        ended = subprocess.run(
            [sys.executable, "-c", _KILLED, str(tmp_path)],
            cwd=Path(__file__).parents[2],
            check=True,
            timeout=60,
            capture_output=True,
            text=True,
        )
        attempts = [int(status) for status in ended.stdout.split()]
        assert {*attempts[:-1]} == {signal.SIGKILL}
        assert attempts[-1] == 0
        wanted = {"old": small(), "new": small(over=ANY).model_copy(update={"groups": ()})}
        found = []
        for count in range(len(attempts)):
            folder = tmp_path / str(count)
            found.append(self._state_of(folder, wanted))
            write_folder(folder, wanted["new"], MODE)
            assert read_snapshot(folder) == wanted["new"]
            assert not (folder / STAGE).exists()
        assert list(dict.fromkeys(found)) == ["old", "neither", "new"]

    def _state_of(self, folder: Path, wanted: dict[str, Snapshot]) -> str:
        if (folder / STAGE / "README").exists():
            with pytest.raises(ReadError, match="half-written"):
                read_snapshot(folder)
            return "neither"
        state = read_snapshot(folder)
        return next(name for name, each in wanted.items() if each == state)


_KILLED = """
import os, signal, sys
from itertools import count
from pathlib import Path
from sync.snapshots.folder import write_folder
from tests.snapshots.test_folder import ANY, small

def watch(event, _):
    global left
    if event in {"os.rename", "os.remove", "os.rmdir"}:
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

for number in count():
    folder = Path(sys.argv[1], str(number))
    write_folder(folder, small(), 0o644)
    if not (child := os.fork()):
        left = number
        sys.addaudithook(watch)
        write_folder(folder, small(over=ANY).model_copy(update={"groups": ()}), 0o644)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    print(status)
    if not status:
        break
"""
"""Exports: the first is killed before it renames or removes a file, the second after one, and so on."""


class TestMistakes:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_folder(tmp_path, small(), MODE)
        return tmp_path

    def test_each_is_named_with_its_file_and_line(self, folder: Path) -> None:
        edit(folder / "roles" / "viewer.toml", '"users:read"', '"users:raed"')
        edit(folder / "groups" / "team.toml", '"viewer"', '"auditor"')
        edit(folder / "mappings.toml", '"users:self"', '"users:me"')
        assert mistakes_in(folder) == [
            "groups/team.toml:6: group 'team' refers to role 'auditor', which is missing",
            (
                "mappings.toml:10: mapping 'GET /users/me$' refers to action 'users:me', which is missing;"
                " did you mean 'users:self'?"
            ),
            (
                "roles/viewer.toml:6: role 'viewer' refers to action 'users:raed', which is missing;"
                " did you mean 'users:read'?"
            ),
        ]

    def test_those_of_an_entry_are_named_from_top_to_bottom(self, folder: Path) -> None:
        edit(folder / "roles" / "viewer.toml", '"users:read"', '"no:b",\n  "no:a"')
        mapping = "[[mappings]]\nwins_over = ['GET /no']\naction = 'no:c'\nendpoint = 'GET /x$'\n"
        (folder / "more.toml").write_text(mapping)
        (folder / "wrong.toml").write_text("[[groups]]\nrols = []\ndescription = 7\n")
        assert [found.partition(": ")[0] for found in mistakes_in(folder)] == [
            "wrong.toml:1",
            "wrong.toml:2",
            "wrong.toml:3",
        ]
        (folder / "wrong.toml").unlink()
        assert [re.sub(r": .*'(.*)', .*", r" \1", found) for found in mistakes_in(folder)] == [
            "more.toml:2 GET /no",
            "more.toml:3 no:c",
            "roles/viewer.toml:6 no:b",
            "roles/viewer.toml:7 no:a",
        ]

    def test_what_is_there_twice(self, folder: Path) -> None:
        (folder / "more.toml").write_text('[[roles]]\nname = "viewer"\n\n[[actions]]\nname = "users:self"\n')
        edit(folder / "groups" / "team.toml", '"viewer",', '"viewer",\n"viewer",')
        assert mistakes_in(folder) == [
            "more.toml:4: action 'users:self' is already in actions.toml:7",
            "roles/viewer.toml:3: role 'viewer' is already in more.toml:1",
            "groups/team.toml:6: group 'team' lists 'viewer' twice in roles",
        ]

    def test_wrong_keys_and_types_in_all_files_at_once(self, folder: Path) -> None:
        edit(folder / "roles" / "viewer.toml", "actions =", "action =")
        edit(folder / "actions.toml", 'description = "Read users"', "description = 7")
        edit(folder / "mappings.toml", 'action = "users:self"\n', "")
        (folder / "groups" / "team.toml").write_text("[[groups]]\nname = team\n")
        assert mistakes_in(folder) == [
            "actions.toml:5: description: should be a valid string",
            "groups/team.toml:2: Invalid value",
            "mappings.toml:8: the key 'action' is missing",
            "roles/viewer.toml:5: the key 'action' is unknown; did you mean 'actions'?",
        ]

    def test_who_wins_must_be_said(self, folder: Path) -> None:
        edit(folder / "mappings.toml", 'wins_over = [\n  "GET /users/([^/]+)$",\n]\n', "")
        assert mistakes_in(folder) == [
            (
                "mappings.toml:9: 'GET /users/([^/]+)$' and 'GET /users/me$' match 'GET /users/me': "
                "in the one that should win, name the others as wins_over"
            )
        ]

    def test_who_wins_must_be_possible(self, folder: Path) -> None:
        edit(folder / "mappings.toml", 'description = "A user"', f"wins_over = ['{ME}']")
        assert mistakes_in(folder) == [
            "mappings.toml:4: 'GET /users/([^/]+)$' wins over itself, by way of those that it wins over"
        ]

    def test_nobody_wins_over_what_it_does_not_meet(self, folder: Path) -> None:
        more = f"\n[[mappings]]\nendpoint = '{FILES}'\naction = 'users:read'\nwins_over = ['{ME}']\n"
        edit(folder / "mappings.toml", "", more)
        [found] = mistakes_in(folder)
        assert found == f"mappings.toml:18: no path matches both '{FILES}' and '{ME}'"

    def test_one_may_win_by_way_of_another(self, tmp_path: Path) -> None:
        file = tmp_path / "all.toml"
        any_, all_ = "GET /a/([^/]+)$", "GET /a/(.*)$"
        texts = [("GET /a/b$", any_), (any_, all_), (all_, "")]
        blocks = [
            f"[[mappings]]\nendpoint = '{name}'\naction = 'a' # by us\nwins_over = {[over] * bool(over)}\n"
            for name, over in texts
        ]
        file.write_text("[[actions]]\nname = 'a'\n" + "".join(blocks))
        assert read_snapshot(file).precedence == (all_, any_, "GET /a/b$")

    def test_only_so_many_are_shown(self, folder: Path) -> None:
        names = ", ".join(f'"missing:{number}"' for number in range(1000))
        edit(folder / "roles" / "viewer.toml", '"users:read",', f"{names},")
        found = mistakes_in(folder)
        assert len(found) == 21
        assert found[-1] == "and 980 more mistakes"

    def test_a_single_file_too(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_bytes(b"\xef\xbb\xbf[[roles]]\r\nname = 'r'\r\n# [[roles]]\r\nactions = ['''x''']\r\n")
        assert mistakes_in(file) == [":4: role 'r' refers to action 'x', which is missing"]
        file.write_bytes(b"\xff")
        assert mistakes_in(file) == [":1: this is not UTF-8 text"]

    def test_an_empty_folder_is_not_an_empty_environment(self, tmp_path: Path) -> None:
        with pytest.raises(ReadError, match=r"holds no \.toml file"):
            read_snapshot(tmp_path)

    def test_a_file_that_can_not_be_read_is_not_left_out(self, folder: Path) -> None:
        (folder / "roles" / "lost.toml").symlink_to("nowhere.toml")
        with pytest.raises(ReadError, match=r"lost\.toml can't be read"):
            read_snapshot(folder)


def edit(file: Path, old: str, new: str) -> None:
    """Change one place in a file; with nothing old, append."""
    text = file.read_text()
    assert not old or text.count(old) == 1, text
    file.write_text(text.replace(old, new) if old else text + new)
