"""Every generation of Device OS the virtual Photon models, against the device hub: from Hello to a finished update."""

from __future__ import annotations

import pytest

from photonrig.errors import UsageError

from .conftest import wait_for

GENERATIONS = {
    "0.6.3": (0x00, 0x01),
    "0.7.0": (0x00, 0x01),
    "1.0.1": (0x02, 0x03),
    "1.4.4": (0x06, 0x07),
    "1.5.2": (0x06, 0x07),
    "2.3.1": (0x36, 0x37),
    "3.3.1": (0x36, 0x37),
}
CODE = "c" * 63


@pytest.mark.parametrize("version", GENERATIONS)
def test_from_hello_to_a_finished_update(photon, cloud, build, version):
    first, updated = GENERATIONS[version]
    photon.start("--device-os", version, "--firmware", str(build(target=version)), "--listening", *cloud.words)
    assert photon.softap("set", {"k": "cc", "v": CODE}) == {"r": 0}
    photon.control(do="setup_button", hold_ms=4000)
    assert cloud.wait_for_hello(1).flags == first
    device = photon.ready["id"]

    wait_for("the claim code", lambda: cloud.claim_codes == [CODE])
    status = photon.wait("the claim", lambda status: status["claimed"])
    assert (status["device_os"], status["has_claim_code"]) == (version, False)
    wait_for("the module list", lambda: cloud.describes and cloud.describes[-1].system_version == version)

    def told() -> bool:
        return any(event.name == "spark/device/last_reset" for event in cloud.events)

    wait_for("an event", told)
    assert cloud.read(device, "version") == 1
    assert cloud.call(device, "keep", "-7") == -7
    assert cloud.run(cloud.hub.ping(device))

    cloud.run(cloud.hub.flash(device, build(2, target=version).read_bytes(), "probe.bin"))
    assert cloud.wait_for_hello(2).flags == updated
    wait_for("the success", lambda: "success probe.bin" in cloud.progress)
    assert cloud.read(device, "version") == 2
    assert photon.status()["reset_reason"] == "update"
    photon.stop()
    photon.start()  # the device remembers which Device OS it has
    assert photon.status()["device_os"] == version
    assert cloud.wait_for_hello(3).flags == first
    assert cloud.claim_codes == [CODE]


SIZE_OF_ARGUMENT = """SYSTEM_THREAD(ENABLED)
int last = -1;
int size(String given) { last = given.length(); return last; }
void setup() { Particle.function("size", size); Particle.variable("last", last); }
void loop() {}
"""


@pytest.mark.parametrize(("device_os", "most"), [("0.6.3", 63), ("1.4.4", 622), ("2.3.1", 622), ("3.3.1", 864)])
def test_a_function_takes_arguments_up_to_the_limit_of_its_device_os(photon, cloud, sketch, device_os, most):
    """63 up to 0.7, 622 from 0.8.0-rc.4, 864 from 3.0 (communication/inc/protocol_defs.h of each tag)."""
    photon.start("--firmware", str(sketch(SIZE_OF_ARGUMENT, device_os)), "--device-os", device_os, *cloud.words)
    cloud.wait_for_function("size")
    device = photon.ready["id"]
    for argument in ("x" * (most - 1), "x" * most, "\u00fc" * (most // 2)):  # bytes count, not characters
        assert cloud.call(device, "size", argument) == len(argument.encode())
    for argument in ("x" * (most + 1), "\u00fc" * (most // 2 + 1)):
        with pytest.raises(UsageError, match=f"this Device OS takes {most}; nothing was sent"):
            cloud.call(device, "size", argument)
    assert cloud.read(device, "last") == most // 2 * 2


LONG_EVENT = """SYSTEM_THREAD(ENABLED)
char text[1001];
int publish(String sizes) {
  int comma = sizes.indexOf(',');
  memset(text, 'n', 1000);
  text[sizes.substring(0, comma).toInt()] = 0;
  String name(text);
  memset(text, 'd', 1000);
  text[sizes.substring(comma + 1).toInt()] = 0;
  return Particle.publish(name, text, PRIVATE) ? 1 : 0;
}
void setup() { Particle.function("publish", publish); }
void loop() {}
"""


@pytest.mark.parametrize(
    ("device_os", "longest_name", "most"), [("0.6.3", 63, 255), ("2.3.1", 64, 622), ("3.3.1", 64, 864)]
)
def test_names_and_data_of_events_are_cut_at_the_limit_of_their_device_os(
    photon, cloud, sketch, device_os, longest_name, most
):
    """Messages::event() in communication/src/messages.cpp of each tag: strnlen() of so many bytes."""
    photon.start("--firmware", str(sketch(LONG_EVENT, device_os)), "--device-os", device_os, *cloud.words)
    cloud.wait_for_function("publish")

    def sent() -> list[tuple[int, int]]:
        events = [each for each in cloud.events if each.name.startswith("nnn")]
        return [(len(each.name), len(each.data or "")) for each in events]

    for more in (-1, 0, 1):
        assert cloud.call(photon.ready["id"], "publish", f"{longest_name + more},{most + more}") == 1
    wait_for("the events", lambda: len(sent()) == 3)
    assert sent() == [(longest_name - 1, most - 1), (longest_name, most), (longest_name, most)]


LONG_TEXT = """SYSTEM_THREAD(ENABLED)
char text[1001];
void setup() { memset(text, 'y', 1000); Particle.variable("text", text); Particle.variable("%s", text); }
void loop() {}
"""


@pytest.mark.parametrize(
    ("device_os", "longest_name", "most"),
    [
        (
            "0.6.3",
            12,
            776,
        ),  # names: spark_protocol.h; texts: bounded by the buffer of 800 bytes as in 2.3.1, unverified
        (
            "2.3.1",
            64,
            776,
        ),  # seen of the engine of 2.3.1 run on its own: longer texts are cut there; documented are 622
        ("3.3.1", 64, 864),  # documented, "Overview of API field limits"
    ],
)
def test_a_text_is_cut_and_a_name_is_as_long_as_its_device_os_allows(
    photon, cloud, sketch, device_os, longest_name, most
):
    name = "n" * longest_name
    photon.start("--firmware", str(sketch(LONG_TEXT % name, device_os)), "--device-os", device_os, *cloud.words)
    wait_for("the variables", lambda: cloud.describes and set(cloud.describes[-1].variables) == {"text", name})
    read = cloud.run(cloud.hub.read_variable(photon.ready["id"], name, "string"))
    assert read == "y" * most
