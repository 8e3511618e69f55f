"""Services: one class per area at ``cloud.<area>``, the only code that changes state or uses the store.

A handler in ``http/`` decodes a typed request, calls one service, and encodes the answer:

    class NewClient(Fields):                      # http/fields.py: how each type is decoded, which fields are required
        name: Stripped                            # no default: required; missing() words its absence
        scope: str | None = None

    async def create(call: Call[NewClient]) -> Answer:
        product = call.product(Action.CLIENT_CREATE)         # cloud.access finds it and asks the era
        client = call.cloud.clients.create(product, call.body.name, ...)
        return {"ok": True, "client": _shown(client)}

    ROUTES = [route("POST", "/v1/clients", create, body=NewClient)]

``call.body`` and ``call.query`` are decoded at first use, so that missing permission is reported before a bad field;
``call.sent`` is the raw body, for bodies whose field names the client chooses. The OpenAPI document is generated from
the routes' Structs. A list takes ``query=Page`` (http/pages.py).

A service method takes records and plain values, makes all of its change in one transaction, and raises
:class:`~photonrig.localcloud.service.refusal.ServiceRefusal` (a Situation and values for its text); ``http/app.py``
alone turns that into an answer, in the era's words. Records are imported from :mod:`.records`, never from ``store``.
A handler that awaits passes a service only what it looked up after the await.

In ``store/``, a table is a :class:`~photonrig.localcloud.store.rows.Rows` of its record: no row is mapped by hand.
"""
