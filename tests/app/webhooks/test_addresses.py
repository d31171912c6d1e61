"""No form of address, and no answer of a resolver, leads a webhook to a machine that is not public."""

import asyncio
import socket
from collections.abc import Sequence

import pytest

from app.webhooks import addresses
from app.webhooks.addresses import Reach, Refused
from app.webhooks.sender import Sender
from tests.app.webhooks.receiver import receiving

FORMS = [
    "http://lms.example.org/hook",
    "ftp://lms.example.org/hook",
    "file:///etc/passwd",
    "gopher://lms.example.org/",
    "//lms.example.org/hook",
    "https:lms.example.org",
    "https:///hook",
    "https://",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://app.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://intranet/",
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://8.8.8.8/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://a.b.1/",
    "https://a.b.0x1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://[2606:4700::1111]/",
    "https://user@lms.example.org/",
    "https://user:pass@127.0.0.1/",
    "https://lms.example.org@127.0.0.1/",
    "https://lms.example.org:443@127.0.0.1/",
    "https://lms.example.org\\@127.0.0.1/",
    "https://lms.example.org\\.evil.example/",
    "https://lms.example.org#@127.0.0.1/",
    "https://lms.example.org:80/",
    "https://lms.example.org:22/",
    "https://lms.example.org:8443/",
    "https://lms.example.org:0/",
    "https://lms.example.org:99999/",
    "https://lms.example.org:/",
    "https://lms.example.org:443:22/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://löcalhost.example/",
    "https://lms.example.org/\r\nHost: 127.0.0.1",
    "https://lms.example.org/ hook",
    " https://lms.example.org/",
    "https://lms.example.org/\n",
    "https://lms%2eexample.org/",
    "https://127.0.0.1%2f.example.org/",
    "https://-lms.example.org/",
    "https://lms..example.org/",
    "https://lms.example.org../",
    "https://lms_1.example.org/",
    "https://" + "a" * 64 + ".example.org/",
    "https://lms.example.org/" + "a" * 500,
]

MACHINES = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.251",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::1",
    "2a00::5efe:10.0.0.1",
    "2a00::200:5efe:10.0.0.1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]
assert len(FORMS) >= 60


@pytest.mark.parametrize("url", FORMS)
def test_every_form_but_a_plain_one_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        addresses.read(url, Reach())


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine_but_a_public_one_is_refused(machine: str) -> None:
    with pytest.raises(Refused, match="not public"):
        addresses.admitted(["93.184.215.14", machine], Reach())


@pytest.mark.parametrize("machine", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "2a00:1450::1"])
def test_a_public_machine_is_admitted(machine: str) -> None:
    assert addresses.admitted([machine], Reach()) == [machine]


def test_a_plain_address_is_taken_apart() -> None:
    target = addresses.read("https://LMS.example.org/palier/hook?a=1&b=%C3%A9", Reach())
    assert (target.host, target.port, target.path) == ("lms.example.org", 443, "/palier/hook?a=1&b=%C3%A9")
    assert target.authority == "lms.example.org"
    other = addresses.read("https://lms.example.org:8443", Reach(ports=frozenset({443, 8443})))
    assert (other.port, other.path, other.authority) == (8443, "/", "lms.example.org:8443")


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://lms.example.org/", "https://[fe80::1]/", "http://0/"]
)
def test_admitting_this_machine_admits_no_other(url: str) -> None:
    with pytest.raises(Refused):
        addresses.read(url, Reach(loopback=True))
    assert not addresses.is_public("127.0.0.2", Reach(loopback=True))
    assert not addresses.is_public("10.0.0.1", Reach(loopback=True))


async def test_nothing_reaches_a_listener_on_this_machine() -> None:
    with receiving() as receiver:
        reach = Reach(ports=frozenset({443, receiver.port}))

        async def to_this_machine(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        sender = Sender(reach, 2, to_this_machine)
        tried = [url.replace(".org/", f".org:{receiver.port}/") for url in FORMS]
        tried += [
            f"https://{name}:{receiver.port}/" for name in ("localtest.me", "127.0.0.1.nip.io", "a.example")
        ]
        for url in tried:
            answer = await sender.send(url, {}, "{}")
            assert answer.error is not None
            assert answer.error.startswith("refused: "), (url, answer)
        await sender.aclose()
        assert receiver.arrivals == []


async def test_the_machine_that_was_checked_is_the_one_that_is_called() -> None:
    """The name is asked once: a resolver that answers otherwise the second time is never asked again."""
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with receiving() as receiver:
        sender = Sender(Reach(frozenset({receiver.port}), loopback=True), 2, rebinding)
        first = await sender.send(f"http://localhost:{receiver.port}/hook", {}, "{}")
        second = await sender.send(f"http://localhost:{receiver.port}/hook", {}, "{}")
        await sender.aclose()
    assert first.accepted
    assert asked == ["localhost", "localhost"]
    assert receiver.arrivals[0].headers["host"] == f"localhost:{receiver.port}"
    assert second.error == "refused: the name leads to an address that is not public"
    assert len(receiver.arrivals) == 1


async def test_a_redirect_is_not_followed() -> None:
    with receiving() as receiver, receiving() as elsewhere:
        receiver.status, receiver.headers = 302, {"Location": elsewhere.url}
        sender = Sender(Reach(loopback=True), 2)
        answer = await sender.send(receiver.url, {}, "{}")
        await sender.aclose()
    assert answer.status == 302
    assert not answer.accepted
    assert len(receiver.arrivals) == 1
    assert elsewhere.arrivals == []


async def test_an_answer_is_cut_after_a_kilobyte_and_a_silence_after_the_limit() -> None:
    with receiving() as receiver:
        sender = Sender(Reach(loopback=True), 0.5)
        receiver.status, receiver.reply = 200, b"\x00" + b"a" * 1_000_000
        long = await sender.send(receiver.url, {}, "{}")
        receiver.delay = 1.0
        silent = await sender.send(receiver.url, {}, "{}")
        await sender.aclose()
    assert long.accepted
    assert long.excerpt == "\ufffd" + "a" * 1023
    assert silent.error == "no answer within 0.5 s"
    assert silent.status is None


async def test_a_closed_port_and_a_name_that_leads_nowhere_are_answers() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with receiving() as receiver:
        closed = receiver.url
    sender = Sender(Reach(loopback=True), 2)
    assert (await sender.send(closed, {}, "{}")).error == "connection failed (ConnectError)"
    await sender.aclose()
    lost = Sender(Reach(), 2, unknown)
    assert (await lost.send("https://lms.example.org/", {}, "{}")).error == "the name could not be resolved"
    await asyncio.sleep(0)
