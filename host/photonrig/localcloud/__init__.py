"""The local cloud: Particle's device protocol and HTTP API in one process on this machine.

    python -m photonrig.localcloud --state DIR

Any Particle client can be pointed at it. Devices speak to :mod:`photonrig.localcloud.device`, clients to
:mod:`photonrig.localcloud.http`; :mod:`photonrig.localcloud.service.cloud` joins the two. Who may do what is data in
:mod:`photonrig.localcloud.eras`, who owns what changes only by the transitions of :mod:`photonrig.ownership.model`.
"""
