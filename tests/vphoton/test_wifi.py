"""Networks of every kind: what SoftAP and the console store of them, and whether the device then gets in."""

from __future__ import annotations

import datetime
import json
import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)

from ..patience import PATIENCE
from .test_softap import configure, encrypt

WPA2_ENTERPRISE = 0x02400004
PEAP, TLS = 25, 13
OFFICE = {"ssid": "office", "security": "wpa2_enterprise_aes", "identity": "installer", "password": "secret"}


class Authority:
    """Signs the certificates of those a network lets in."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

    def certify(self, name: x509.Name, key: ec.EllipticCurvePublicKey) -> str:
        begin = datetime.datetime(2020, 1, 1)
        builder = x509.CertificateBuilder(self.name, name, key, 1, begin, begin + datetime.timedelta(days=36500))
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    @property
    def certificate(self) -> str:
        return self.certify(self.name, self.key.public_key())

    def client(self) -> tuple[str, str]:
        """Certificate and private key."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
        return self.certify(x509.Name([]), key.public_key()), pem


def seal(photon, pem: str) -> dict[str, str]:
    """A private key as a client sends it: under an AES key that goes under the device's own."""
    secret = bytes(range(32))
    public = load_der_public_key(bytes.fromhex(photon.softap("public-key")["b"])[:162])
    encryptor = Cipher(algorithms.AES(secret[:16]), modes.CBC(secret[16:])).encryptor()
    missing = 16 - len(pem) % 16
    sealed = encryptor.update(pem.encode() + bytes([missing]) * missing) + encryptor.finalize()
    return {"ek": public.encrypt(secret, padding.PKCS1v15()).hex(), "key": sealed.hex()}


def join(photon) -> bool:
    """Ends setting up; whether the device got in, and did not come back to listening mode."""
    before = photon.status()["wifi"]["attempts"]
    photon.softap("connect-ap", {"idx": 0})
    status = photon.wait("an attempt to join", lambda status: status["wifi"]["attempts"] > before)
    return bool(status["wifi"]["ready"])


@pytest.mark.parametrize(("identity", "password", "joins"), [("installer", "secret", True), ("installer", "no", False)])
def test_peap(photon, identity, password, joins):
    photon.start()
    photon.control(do="air", networks=[OFFICE])
    assert photon.softap("scan-ap")["scans"][0]["sec"] == WPA2_ENTERPRISE
    body = {"idx": 0, "ssid": "office", "pwd": encrypt(photon, password), "sec": WPA2_ENTERPRISE, "ch": 6}
    assert photon.softap("configure-ap", {**body, "eap": PEAP, "ii": identity, "oi": "anonymous"}) == {"r": 0}
    assert join(photon) is joins


@pytest.mark.parametrize("trusted", [True, False])
def test_eap_tls(photon, trusted):
    photon.start()
    ours, theirs = Authority("ours"), Authority("theirs")
    certificate, key = (ours if trusted else theirs).client()
    photon.control(
        do="air", networks=[{"ssid": "office", "security": "wpa2_enterprise_aes", "client_ca": ours.certificate}]
    )
    body = {"ssid": "office", "sec": WPA2_ENTERPRISE, "eap": TLS, "crt": certificate, "ca": ours.certificate}
    assert photon.softap("configure-ap", {**body, **seal(photon, key)}) == {"r": 0}
    assert join(photon) is trusted
    photon.kill()
    photon.start()
    assert photon.status()["wifi"]["credentials"]


def test_what_configure_ap_says_to_enterprise_mistakes(photon):
    photon.start()
    photon.control(do="air", networks=[OFFICE])
    body = {"ssid": "office", "pwd": encrypt(photon, "secret"), "sec": WPA2_ENTERPRISE}
    assert photon.softap("configure-ap", {**body, "eap": PEAP}) == {"r": 1}  # no identity
    assert photon.softap("configure-ap", {**body, "eap": PEAP, "ii": "i" * 65}) == {"r": 1}
    assert photon.softap("configure-ap", {**body, "eap": TLS, "crt": "x"}) == {"r": 1}  # no key
    sealed = seal(photon, "x")
    spoilt = {**sealed, "ek": "00" * 128}
    assert photon.softap("configure-ap", {**body, "eap": TLS, "crt": "x", **spoilt})["r"] < -16000
    assert photon.softap("configure-ap", {**body, "eap": TLS, "crt": "x", **sealed, "key": "abcd"})["r"] < -16000
    assert photon.softap("configure-ap", {**body, "ssid": "far away", "eap": PEAP, "ii": "i"}) == {"r": -2}
    assert not photon.status()["wifi"]["credentials"]


def test_peap_at_the_console(photon):
    photon.start()
    photon.control(do="air", networks=[OFFICE])
    with photon.serial() as serial:
        serial.ask(b"w", b"SSID: ")
        serial.ask(b"office\r", b"EAP Type 0=PEAP/MSCHAPv2, 1=EAP-TLS: ")
        serial.ask(b"0\r", b"Username: ")
        serial.ask(b"installer\r", b"Password: ")
        serial.ask(b"secret\r", b"Outer identity (optional): ")
        serial.ask(b"\r", b"Root CA in PEM format (optional):\r\n")
        assert b"Awesome. Now we'll connect!" in serial.ask(b"\r", b"Particle <3 you!\r\n\r\n")
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])


@pytest.mark.parametrize(
    ("security", "password", "told"),
    [
        ("open", "", 0),
        ("wep", "0123456789", 1),
        ("wpa_tkip", "long enough", 0x00200002),
        ("wpa_mixed", "long enough", 0x00200006),
        ("wpa2_mixed", "long enough", 0x00400006),
    ],
)
def test_every_other_security(photon, security, password, told):
    photon.start()
    photon.control(do="air", networks=[{"ssid": "net", "security": security, "password": password}])
    assert photon.softap("scan-ap")["scans"][0]["sec"] == told
    if password:
        entered = f"0005{password}" if security == "wep" else password
        assert configure(photon, "net", entered, told) == 0
    else:
        assert photon.softap("configure-ap", {"ssid": "net", "sec": told}) == {"r": 0}
    assert join(photon)


def test_the_antenna_commands_answer_with_nothing(photon):
    photon.start()
    assert photon.status()["wifi"]["antenna"] == "internal"
    assert photon.exchange("softap_tcp", b"ant-external\n0\n\n") == b""
    assert photon.status()["wifi"]["antenna"] == "external"
    photon.kill()
    photon.start()
    assert photon.status()["wifi"]["antenna"] == "external"
    assert photon.exchange("softap_tcp", b"ant-internal\n0\n\n") == b""
    assert photon.status()["wifi"]["antenna"] == "internal"


@pytest.mark.parametrize(
    ("port", "request_bytes"),
    [("softap_tcp", b"connect-ap\n0\n\n"), ("softap_http", b"GET /connect-ap HTTP/1.1\r\n\r\n")],
)
def test_the_answer_to_connect_ap_can_be_lost(photon, port, request_bytes):
    photon.start()
    assert configure(photon) == 0
    assert photon.control(do="fault", lose_connect_answer=True)["ok"]
    with socket.create_connection(("127.0.0.1", photon.ready[port]), timeout=PATIENCE) as link:
        link.sendall(request_bytes)
        photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])
        link.settimeout(0.1)
        with pytest.raises(TimeoutError):
            link.recv(1)
    assert not photon.status()["faults"]["lose_connect_answer"]


JOIN = """SYSTEM_MODE(MANUAL)
void setup() { WiFi.on(); WiFi.clearCredentials(); WiFi.setCredentials("net", "%s", %s); WiFi.connect(); }
void loop() {}
"""


def tries(photon, tmp_path, sketch, point: dict[str, object], entered: str, stored: str) -> bool:
    """Whether the device is in once it has tried to join."""
    photon.air = tmp_path / "air.json"
    photon.air.write_text(json.dumps([{"ssid": "net", **point}]))
    photon.start("--firmware", str(sketch(JOIN % (entered, stored))))
    # Without credentials the device listens in place of it.
    photon.wait("a try to join", lambda status: status["wifi"]["attempts"] > 0 or status["listening"])
    return photon.status()["wifi"]["ready"]


@pytest.mark.parametrize(
    ("entered", "key", "joins"),
    [
        ("0005D9178B0F95", "D9178B0F95", True),
        ("0005d9178b0f95", "D9178B0F95", True),
        ("000D0102030405060708090A0B0C0D", "0102030405060708090a0b0c0d", True),
        ("00056162636465", "abcde", True),  # a key in printable characters
        ("D9178B0F95", "D9178B0F95", False),
        ("abcde", "abcde", False),
        ("0105D9178B0F95", "D9178B0F95", False),  # key 2
        ("000DD9178B0F95", "D9178B0F95", False),
        ("0005D9178B0F9", "D9178B0F95", False),
    ],
)
def test_a_wep_key_is_index_length_and_hex(photon, tmp_path, sketch, entered, key, joins):
    """rickkas7.github.io/wep, "64-bit hex keys": the key alone does not do."""
    assert tries(photon, tmp_path, sketch, {"security": "wep", "password": key}, entered, "WEP") is joins


@pytest.mark.parametrize(
    ("security", "stored", "joins"),
    [
        ("wep", "WPA2, WLAN_CIPHER_AES", False),
        ("wpa_tkip", "WPA2, WLAN_CIPHER_AES", False),
        ("wpa2_tkip", "WPA2, WLAN_CIPHER_AES", False),
        ("wpa_aes", "WPA2, WLAN_CIPHER_AES", False),
        ("open", "WPA2, WLAN_CIPHER_AES", False),
        ("wpa2_aes", "WPA2, WLAN_CIPHER_AES", True),
        ("wpa2_mixed", "WPA2, WLAN_CIPHER_AES", True),
        ("wpa2_aes", "WPA2, WLAN_CIPHER_AES_TKIP", True),
        ("wpa2_aes", "WPA2", True),  # without a cipher the device looks for itself
    ],
)
def test_only_a_network_of_the_stored_security_and_cipher_is_joined(photon, tmp_path, sketch, security, stored, joins):
    """Device OS 2.3.1 hands WICED the stored security with each entry; nothing is taken from the air."""
    point = {"security": security, "password": "" if security == "open" else "password1"}
    assert tries(photon, tmp_path, sketch, point, "password1", stored) is joins


@pytest.mark.parametrize(("stored", "joins"), [("WPA2, WLAN_CIPHER_AES", True), ("WPA2", False)])
def test_a_hidden_network_is_joined_when_security_and_cipher_were_given(photon, tmp_path, sketch, stored, joins):
    """Documented for WiFi.setCredentials: for a hidden network both are required."""
    hidden = {"security": "wpa2_aes", "password": "password1", "hidden": True}
    assert tries(photon, tmp_path, sketch, hidden, "password1", stored) is joins


def test_a_hidden_network_is_in_no_scan(photon):
    photon.start()
    photon.control(do="air", networks=[{"ssid": "seen"}, {"ssid": "hidden", "hidden": True}])
    assert [each["ssid"] for each in photon.softap("scan-ap")["scans"]] == ["seen"]
