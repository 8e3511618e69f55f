"""HTTP API: one module per resource with its routes, joined by :mod:`photonrig.localcloud.http.app`.

Handlers parse the request, check permission with the era, act, and answer in JSON; so are all errors.
"""
