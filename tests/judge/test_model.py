"""The sandbox and the model, written apart from each other, let the same mappings decide."""

from hypothesis import given
from hypothesis import strategies as st

from .conftest import Servers
from .histories import Caller, History, model_of, play, requests_of
from .model import Winner
from .pairs import histories
from .paths import all_paths


@given(histories(), st.data())
def test_the_sandbox_decides_as_the_model_does(
    servers: Servers, history: History, data: st.DataObject
) -> None:
    sandbox, model = servers.source, model_of(history)
    play(sandbox, history)
    requests = list(requests_of(history, paths=all_paths()))

    looked = sandbox.look(requests)

    for request, decision in zip(requests, looked, strict=True):
        method, _, path = request.partition(" ")
        found = decision and Winner(f"{decision.method} {decision.path_pattern}", decision.action)
        assert found == model.look(method, path), request
    sandbox.advance(300)
    with Caller(sandbox) as caller:
        for request in data.draw(st.lists(st.sampled_from(requests), max_size=8, unique=True)):
            method, _, path = request.partition(" ")
            answer = caller.ask(request)
            assert (answer and Winner(*answer)) == model.ask(method, path), request
