"""Who listens to a name: the index says the same as asking every device."""

from hypothesis import given
from hypothesis import strategies as st

from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.device.listeners import Listeners

PREFIXES = st.sampled_from(["", "a", "ab", "abc", "b", "spark", "spark/status", "particle"])
CHANGES = st.lists(
    st.tuples(st.booleans(), st.sampled_from("xyz"), PREFIXES, st.sampled_from(["mine", "all"])), max_size=30
)


@given(CHANGES, st.sampled_from(["a", "abcd", "b", "", "spark/status", "sparkle", "particle/x", "c"]))
def test_the_index_agrees_with_asking_every_device(changes: list[tuple[bool, str, str, str]], name: str) -> None:
    index = Listeners()
    known: set[tuple[str, str, str]] = set()
    for add, device, prefix, scope in changes:
        (index.add if add else index.remove)(device, Subscription(prefix, scope))
        (known.add if add else known.discard)((device, prefix, scope))
    expected = sorted(
        (device, scope)
        for device, prefix, scope in known
        if name.startswith(prefix) and prefix not in ("spark", "particle")  # Device OS's own
    )
    assert sorted(index.of(name)) == expected
    for device, prefix, scope in known:
        index.remove(device, Subscription(prefix, scope))
    assert list(index.of(name)) == []
    assert not index._by_prefix
    assert not index._lengths
