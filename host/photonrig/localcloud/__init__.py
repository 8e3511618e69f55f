"""Local cloud: Particle's device protocol and HTTP API in one process on this machine.

    python -m photonrig.localcloud --state DIR

Works with any Particle client. Devices connect to :mod:`photonrig.localcloud.device`, clients to
:mod:`photonrig.localcloud.http`; :mod:`photonrig.localcloud.service.cloud` joins the two. Permissions are tables in
:mod:`photonrig.localcloud.eras`; owners change only by the transitions of :mod:`photonrig.ownership.model`.
"""
