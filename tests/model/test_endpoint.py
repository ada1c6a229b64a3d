import pytest

from sync.model.endpoint import Endpoint
from sync.model.snapshot import Mapping


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("GET /users/me$", Endpoint("GET", "/users/me$")),
        ("ANY /a b  c", Endpoint("ANY", "/a b  c")),
        ("GET ", Endpoint("GET", "")),
    ],
)
def test_a_mapping_s_name_and_its_endpoint_say_the_same(name: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(name) == endpoint
    assert str(endpoint) == name
    assert Mapping.named(name, "a").name == name
