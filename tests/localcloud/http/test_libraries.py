"""The library registry: upload, find, publish, download and delete, and archives that mean harm."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.build.toolchain import Toolchain
from photonrig.errors import UsageError
from photonrig.localcloud.service import library_archive
from photonrig.localcloud.service.cloud import Settings
from photonrig.localcloud.service.library_archive import library_files, read_library

from ..archives import archive
from ..world import World, populate, world


async def upload(there: World, who: str, content: bytes) -> Any:
    return await there.call("POST", "/v1/libraries", who, files={"archive.tar.gz": ("archive.tar.gz", content)})


async def names(there: World, who: str, **query: str) -> list[str]:
    return [each["id"] for each in (await there.ok("GET", "/v1/libraries", who, params=query))["data"]]


async def test_a_librarys_life(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        await there.user("o")
        made = await upload(there, "u", archive())
        assert made.status_code == 201
        shown = made.json()["data"]
        assert (shown["type"], shown["id"]) == ("libraries", "Lamp")
        assert shown["attributes"].items() >= {"version": "1.0.0", "visibility": "private", "mine": True}.items()
        assert await names(there, "u") == ["Lamp"]
        assert await names(there, "o") == []
        assert (await there.call("GET", "/v1/libraries/Lamp", "o")).status_code == 404
        await there.ok("PATCH", "/v1/libraries/Lamp", "u", json={"visibility": "public"})
        assert (await upload(there, "u", archive(version="1.10.0"))).status_code == 201
        assert (await upload(there, "u", archive(version="1.9.0"))).status_code == 201
        newest = await there.ok("GET", "/v1/libraries/lamp", "o")
        assert newest["data"]["attributes"].items() >= {"version": "1.10.0", "mine": False}.items()
        old = await there.ok("GET", "/v1/libraries/Lamp", "o", params={"version": "1.0.0"})
        download = await there.call("GET", old["data"]["links"]["download"])
        assert download.content == archive()
        every = await there.ok("GET", "/v1/libraries/Lamp/versions", "o")
        assert [each["attributes"]["version"] for each in every["data"]] == ["1.10.0", "1.9.0", "1.0.0"]
        for method, body in (("PATCH", {"visibility": "public"}), ("DELETE", {"force": "x"})):
            assert (await there.call(method, "/v1/libraries/Lamp", "o", json=body)).status_code == 403
        assert (await upload(there, "o", archive(version="9.0.0"))).status_code == 403
        assert (await upload(there, "u", archive())).status_code == 400
        assert (await there.call("DELETE", "/v1/libraries/Lamp", "u")).status_code == 403
        assert (await there.call("DELETE", "/v1/libraries/Lamp", "u", json={"force": "xyz"})).status_code == 204
        assert await names(there, "u") == []
        assert (await there.call("GET", old["data"]["links"]["download"])).status_code == 404


async def test_searching_sorting_and_paging(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        for number, name in enumerate(("Blinds", "Motor", "Lamp")):
            there.clock.seconds = 1_760_000_000.0 + number
            await upload(there, "u", archive(name, sentence=f"{name} of a window", architectures="photon"))
        assert await names(there, "u") == ["Blinds", "Lamp", "Motor"]
        assert await names(there, "u", filter="WINDOW motor") == ["Motor"]
        assert await names(there, "u", sort="-published", limit="2") == ["Lamp", "Motor"]
        assert await names(there, "u", page="2", limit="2") == ["Motor"]
        assert await names(there, "u", scope="mine") == ["Blinds", "Lamp", "Motor"]
        assert await names(there, "u", scope="public") == await names(there, "u", scope="official") == []
        assert await names(there, "u", excludeScopes="mine,official") == []
        assert await names(there, "u", architectures="core") == []


async def test_customers_have_no_libraries(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        for who in ("c", "p"):
            assert (await there.call("GET", "/v1/libraries", who)).status_code == 403


async def test_a_compile_finds_the_libraries_it_depends_on(tmp_path: Path) -> None:
    """``particle library add`` writes the dependency down and copies nothing."""
    main = b'#include "Lamp.h"\nvoid setup() { lamp(); }\nvoid loop() {}\n'

    async with world(tmp_path, Settings(sdk=Toolchain(Path(__file__).parents[3]).sdk())) as there:
        await there.user("u")
        await there.user("o")
        await upload(there, "u", archive(folder="Lamp/", **{"dependencies.Wire": "2.0.0"}))
        await upload(there, "u", archive("Wire", "2.0.0"))

        async def compiled(who: str, properties: bytes) -> Any:
            files = {"file": ("src/main.ino", main), "file2": ("project.properties", properties)}
            return await there.call("POST", "/v1/binaries", who, files=files)

        for wanted in (b"dependencies.Lamp=1.0.0\n", b"dependencies.lamp=latest"):
            made = await compiled("u", wanted)
            assert made.is_success, made.text
        for who, wanted in (("u", b"dependencies.Lamp=3.0.0"), ("o", b"dependencies.Lamp=1.0.0")):
            answer = await compiled(who, wanted)
            assert (answer.status_code, "no library Lamp" in answer.json()["error"]) == (400, True)
        assert "Lamp.h" in (await compiled("u", b"name=x")).json()["errors"][0]


def test_what_leads_out_of_an_archive_is_left_out() -> None:
    assert library_files(archive(folder="../")) == {}
    assert library_files(archive(folder="./lamp/")).keys() == {"library.properties", "src/Lamp.h"}


def test_the_properties_may_lie_one_folder_deep() -> None:
    read = read_library(archive(folder="lamp-1.0.0/"))
    assert (read.name, read.version, read.properties["sentence"]) == ("Lamp", "1.0.0", "Light on")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        archive()[:-20],
        gzip.compress(b"no tar", mtime=0),
        archive(name=""),
        archive(name="../../etc"),
        archive(version="new"),
        archive(folder="a/b/"),
    ],
)
def test_bad_archives_are_refused(content: bytes) -> None:
    with pytest.raises(UsageError):
        read_library(content)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_archive, "MOST_BYTES", 1 << 20)
    with pytest.raises(UsageError, match="unpacks to more than"):
        read_library(gzip.compress(bytes(8 << 20)))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_archives_of_every_kind_are_read(form: int) -> None:
    """Against what Python's own tar writes; ustar divides long names, the others put them before the member."""
    names = ["library.properties", "src/a.h", f"src/{'d' * 90}/{'n' * 90}.h", "src/\u00e9.h"]
    if form != tarfile.USTAR_FORMAT:
        names.append("src/" + "/".join("d" * 60 for _ in range(5)) + ".h")
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=form) as tar:
        for number, name in enumerate(names):
            member = tarfile.TarInfo(name)
            member.size = 300 * number
            tar.addfile(member, io.BytesIO(bytes([number]) * member.size))
        tar.add(Path(__file__).parent, "src/folder", recursive=False)
    read = library_files(gzip.compress(whole.getvalue()))
    assert read == {name: bytes([number]) * 300 * number for number, name in enumerate(names)}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_only_plain_files_are_read(kind: bytes) -> None:
    member = tarfile.TarInfo("src/x.h")
    member.type, member.linkname = kind, "/etc/passwd"
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        tar.addfile(member)
    assert library_files(gzip.compress(whole.getvalue())) == {}


def test_a_sparse_file_is_not_unfolded() -> None:
    """Python's tarfile would make 8 GiB of these 3 KiB."""
    member = tarfile.TarInfo("src/x.h")
    member.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.size": str(8 << 30), "GNU.sparse.map": "0,1"}
    member.size = 1
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(member, io.BytesIO(b"x"))
    assert library_files(gzip.compress(whole.getvalue())) == {"src/x.h": b"x"}


def test_a_header_cannot_make_its_reading_long() -> None:
    """Python's tarfile before 3.11.10 would search this one for hours."""
    member = tarfile.TarInfo("pax")
    member.type, member.size = tarfile.XHDTYPE, 8 << 20
    whole = member.tobuf(tarfile.USTAR_FORMAT) + b"1" * member.size + tarfile.TarInfo("a.h").tobuf(tarfile.USTAR_FORMAT)
    assert library_files(gzip.compress(whole, compresslevel=1)) == {"a.h": b""}


@pytest.mark.parametrize(
    "size", [b"\x80" + bytes(10) + b"\x05", b"\xff" * 12, b"-0000000010\0", b"1_0", b"77777777777\0"]
)
def test_sizes_that_cannot_be_are_refused(size: bytes) -> None:
    header = bytearray(tarfile.TarInfo("a.h").tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = size.ljust(12, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(UsageError, match="damaged"):
        library_files(gzip.compress(bytes(header) + b"x" * 1024))


@given(st.binary(max_size=2000))
def test_whatever_is_uploaded_ends_in_words(content: bytes) -> None:
    for packed in (content, gzip.compress(content)):
        with pytest.raises(UsageError):
            read_library(packed)


async def test_a_library_has_the_keys_that_the_cli_shows_and_no_others(tmp_path: Path) -> None:
    """library.e2e.js of the Particle CLI: ``library view --json`` has these keys, and two of the CLI's own."""
    async with world(tmp_path) as there:
        await there.user("u")
        shown = (await upload(there, "u", archive())).json()["data"]
        assert shown["attributes"].keys() == {
            *("architectures", "author", "installs", "license", "mine", "name", "repository", "sentence", "url"),
            *("version", "visibility"),
        }
        missing = await there.call("GET", "/v1/libraries/Nothing", "u")
        assert missing.status_code == 404
        assert missing.json()["errors"] == [{"message": "Library Nothing not found"}]
