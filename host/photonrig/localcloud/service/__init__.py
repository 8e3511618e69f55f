"""What may change state: one class for each area, found at ``cloud.<area>``; nothing outside sees the store.

A handler in ``http/`` decodes a typed request, calls one service, and encodes the answer:

    class NewClient(Fields):                      # http/fields.py: how each type is read, and what must be there
        name: Stripped                            # no default: required; missing() words its absence
        scope: str | None = None

    async def create(call: Call[NewClient]) -> Answer:
        product = call.product(Action.CLIENT_CREATE)         # cloud.access finds, and asks the era
        client = call.cloud.clients.create(product, call.body.name, ...)
        return {"ok": True, "client": _shown(client)}

    ROUTES = [route("POST", "/v1/clients", create, body=NewClient)]

``call.body`` and ``call.query`` are decoded when they are first asked for, so that who may not do it at all is told
that first; ``call.sent`` is the body as it came, for the few bodies whose names are the client's own. The OpenAPI
document is made of the routes' Structs alone. A list takes ``query=Page`` (http/pages.py).

A service method takes records and plain values, does all of its change in one transaction, and raises
:class:`~photonrig.localcloud.service.refusal.ServiceRefusal` (a Situation and the words for its text); ``http/app.py``
alone makes an answer of that, in the era's words. Records are named from :mod:`.records`, never from ``store``. A
handler that waits gives a service only what it looked up after it waited.

In ``store/``, a table is a :class:`~photonrig.localcloud.store.rows.Rows` of its record: no row is mapped by hand.
"""
