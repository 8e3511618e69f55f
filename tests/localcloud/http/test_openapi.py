"""The API's description of itself: valid, complete, and true of the routes."""

from pathlib import Path

import schemathesis

from photonrig.localcloud.http.app import all_routes, endpoints_of

from ..world import world


async def test_the_document_is_valid_and_names_every_endpoint(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        document = await there.ok("GET", "/openapi.json")
        schemathesis.openapi.from_dict(document).validate()
        described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
        assert ("POST", "/v1/devices") in described
        known = {
            (method, path.replace(":path", ""))
            for each in all_routes(extensions=True)
            for method, path in endpoints_of(each)
        }
        assert described <= known
        assert all(each["summary"].endswith(".") for methods in document["paths"].values() for each in methods.values())
        assert document["servers"] == [{"url": "http://127.0.0.1:1"}]
        claim = document["paths"]["/v1/devices"]["post"]
        assert claim["security"] == [{"token": []}]
        assert claim["requestBody"]["content"]["application/json"]["schema"] == {
            "type": "object",
            "properties": {"id": {"type": "string"}, "request_transfer": {"type": "boolean"}},
            "required": ["id"],
        }
        stream = document["paths"]["/v1/products/{product}/events/{prefix}"]["get"]
        assert "text/event-stream" in stream["responses"]["2XX"]["content"]
