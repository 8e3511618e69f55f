"""Webhooks: HTTP requests triggered by events, and their responses as events.

:mod:`~photonrig.localcloud.webhooks.config` is a hook's configuration,
:mod:`~photonrig.localcloud.webhooks.messages` computes requests and events without sockets, and
:mod:`~photonrig.localcloud.webhooks.dispatcher` sends, retries, and backs off from failing servers.
"""
