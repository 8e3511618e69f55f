"""Records returned by services, re-exported from the store."""

from photonrig.localcloud.store.accounts import Client, Customer, User
from photonrig.localcloud.store.api_users import ApiUser
from photonrig.localcloud.store.devices import Device, Notes, Outdated
from photonrig.localcloud.store.groups import Group, Targeting
from photonrig.localcloud.store.hooks import HookOwner, StoredHook
from photonrig.localcloud.store.libraries import Library
from photonrig.localcloud.store.organizations import Organization
from photonrig.localcloud.store.product_firmware import Firmware
from photonrig.localcloud.store.products import Product
from photonrig.localcloud.store.tokens import GrantedToken, Token, TokenKind
from photonrig.localcloud.store.transfers import Transfer
from photonrig.localcloud.store.vitals import Vitals

__all__ = [
    "ApiUser",
    "Client",
    "Customer",
    "Device",
    "Firmware",
    "GrantedToken",
    "Group",
    "HookOwner",
    "Library",
    "Notes",
    "Organization",
    "Outdated",
    "Product",
    "StoredHook",
    "Targeting",
    "Token",
    "TokenKind",
    "Transfer",
    "User",
    "Vitals",
]
