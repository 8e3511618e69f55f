"""Webhooks: events that become HTTP requests, and answers that become events.

What a hook wants is :mod:`~photonrig.localcloud.webhooks.config`, what it sends and publishes is computed by
:mod:`~photonrig.localcloud.webhooks.messages` without any socket, and :mod:`~photonrig.localcloud.webhooks.dispatcher`
sends it, again where it failed, and less where a server fails often.
"""
