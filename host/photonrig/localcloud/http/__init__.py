"""The HTTP API: one module per resource, each with its routes; :mod:`photonrig.localcloud.http.app` joins them.

Handlers parse, ask the era whether the caller may, act, and answer. Everything is answered in JSON, errors above all.
"""
