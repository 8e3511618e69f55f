"""Library archives as the Particle CLI uploads them."""

import gzip
import io
import tarfile


def archive(name: str = "Lamp", version: str = "1.0.0", *, folder: str = "", **more: str) -> bytes:
    properties = {"name": name, "version": version, "sentence": "Light on", "author": "Me <me@example.com>", **more}
    files = {
        "library.properties": "".join(f"{key}={value}\n" for key, value in properties.items()),
        "src/Lamp.h": "inline int lamp() { return 1; }\n",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(folder + path)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)
