"""Which run of a CI system this is."""

from sync.ci import CiRun, ci_run

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "org/heimdall",
    "GITHUB_RUN_ID": "12",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_SHA": "0123",
}


def test_a_run_of_a_ci_system_has_a_page_an_actor_and_a_commit() -> None:
    page = "https://github.example/org/heimdall/actions/runs/12"
    assert ci_run(GITHUB) == CiRun(page, "octocat", "0123")
    assert ci_run({**GITHUB, "GITHUB_TRIGGERING_ACTOR": "hubot"}).actor == "hubot"
    gitlab = {
        "GITLAB_CI": "true",
        "CI_PIPELINE_URL": "https://gitlab.example/1",
        "GITLAB_USER_LOGIN": "tanuki",
    }
    assert ci_run(gitlab) == CiRun("https://gitlab.example/1", "tanuki", "")


def test_a_person_s_machine_has_none() -> None:
    assert ci_run({"CI": "true"}) == ci_run({}) == CiRun()
