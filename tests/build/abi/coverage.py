"""How much of Wiring's interface the firmware offers, as docs/wiring-coverage.md; ``./rig coverage`` writes it.

Counted are the functions and methods that Wiring's headers of Device OS 2.3.1 offer a Photon's application, by name.
"""

from __future__ import annotations

import re
from collections import defaultdict

from photonrig.build.interface import read_wiring

from .test_headers import FIRMWARE, INCLUDE, headers

PAGE = FIRMWARE.parent / "docs" / "wiring-coverage.md"

_HEADER = re.compile(
    r"spark_wiring\w*\.h|Arduino\.h|debug_output_handler\.h|enumflags\.h|fast_pin\.h|softap_http\.h|string_convert\.h"
    r"|system_sleep_configuration\.h"
)

# What a Photon's application cannot use, or that only Device OS itself uses: beginning of the name, why.
NO_USE = {
    "FuelGauge::": "the fuel gauge of an Electron",
    "FixedPointQ::": "for Bluetooth",
    "constexpr_pow": "for Bluetooth",
    "USBSerial1LogHandler": "a second USB port, which Particle's build for the Photon leaves out",
    "acquireUSBSerial1Buffer": "as USBSerial1LogHandler",
    "detail::": "inside of Device OS",
    "SystemSleepConfigurationHelper::": "inside of Device OS: reads a configuration",
    "attachInterruptDirect": "replaces vectors of the processor",
    "detachInterruptDirect": "replaces vectors of the processor",
    "attachSystemInterrupt": "interrupts of the processor's peripherals, which are not modelled",
    "detachSystemInterrupt": "as attachSystemInterrupt",
    "CloudClass::_": "inside of CloudClass",
    "WiFiClass::wifi_config": "inside of WiFiClass",
    "WiFiClass::WiFiClass": "made by the compiler",
    "WiFiSignal::fromConnectedInfo": "inside of WiFiClass",
    "Print::Print": "made by the compiler",
    "Stream::Stream": "made by the compiler",
    "Stream::timed": "inside of Stream",
    "Stream::peekNextDigit": "inside of Stream",
    "String::changeBuffer": "inside of String",
    "String::copy": "inside of String",
    "String::init": "inside of String",
    "String::invalidate": "inside of String",
    "String::move": "inside of String",
    "String::operator void": "inside of String",
    "StringSumHelper::": "inside of String: a sum is a String here",
    "EERef::operator const": "a conversion to uint8_t here",
    "EEPtr::operator const": "a conversion to int here",
    "ApplicationWatchdog::current_time": "inside of ApplicationWatchdog",
    "ApplicationWatchdog::has_timedout": "inside of ApplicationWatchdog",
    **dict.fromkeys(
        ("DefaultLogHandlerFactory", "DefaultOutputStreamFactory", "LogHandlerFactory", "OutputStreamFactory"),
        "for logs that a host configures by USB requests",
    ),
    "LogManager::addFactoryHandler": "as LogHandlerFactory",
    "LogManager::removeFactoryHandler": "as LogHandlerFactory",
    "LogManager::enumFactoryHandlers": "as LogHandlerFactory",
    "LogManager::setHandlerFactory": "as LogHandlerFactory",
    "LogManager::setStreamFactory": "as LogHandlerFactory",
    "logProcessControlRequest": "as LogHandlerFactory",
    **dict.fromkeys(
        [f"{kind}DiagnosticData" for kind in ("Abstract", "Enum", "Integer", "UnsignedInteger", "PersistentEnum")]
        + ["AbstractIntegerDiagnosticData", "AbstractTypeDiagnosticData", "AbstractUnsignedIntegerDiagnosticData"]
        + ["PersistentIntegerDiagnosticData", "RetainedDiagnosticDataStorage"],
        "sources of the system's own diagnostics",
    ),
}

# What an application could use, and does not find: beginning of the name, why.
MISSING = {
    "FutureBase::": "outcomes are waited for; Future has no callbacks here",
    "AdaptedFuture::": "as FutureBase",
    "Future::operator type": "as FutureBase: Future<bool> is the only one",
    "Promise": "as FutureBase",
    "USBKeyboard::": "USB as a keyboard is not modelled",
    "USBMouse::": "USB as a mouse is not modelled",
    "LEDSystemTheme::": "colours of the system's signals stay as they are",
    "LEDStatus::update": "patterns of one's own are not modelled",
    "WiFiAllocatedCredentials::": "WiFiCredentials does it for texts that stay in place",
    "SystemClass::firmwareUpdate": "an update by YMODEM from the application",
    "operator": "of an enum class made a set of flags by a macro; EnumFlags has the operators",
}


def page() -> str:
    """The page.

    :raises ValueError: something is left out without a reason, or a reason has nothing to explain
    """
    offered = {each.name for each in headers(INCLUDE)}
    there: dict[str, set[str]] = defaultdict(set)
    for row in read_wiring(FIRMWARE / "abi"):
        if row.kind == "function" and _HEADER.fullmatch(row.header):
            there[row.header].add(row.name)
    lines, reasons, used = [], defaultdict[str, list[str]](list), set()
    had = wanted = useless = 0
    for header, names in sorted(there.items()):
        left_out = {name: _reason(name, used) for name in sorted(names - offered)}
        without_use = sum(why in NO_USE.values() for why in left_out.values())
        wanted += len(names) - without_use
        had += len(names) - len(left_out)
        useless += without_use
        rest = len(names) - without_use
        share = f"{100 * (len(names) - len(left_out)) // rest} %" if rest else "–"
        lines.append(f"| `{header}` | {len(names)} | {without_use or ''} | {len(names) - len(left_out)} | {share} |")
        for name, why in left_out.items():
            reasons[why].append(name)
    if idle := sorted((NO_USE | MISSING).keys() - used):
        raise ValueError(f"reasons for what is offered or nowhere: {', '.join(idle)}")
    told = [
        f"- {why[0].upper()}{why[1:]}: {', '.join(f'`{name}`' for name in names)}"
        for why, names in sorted(reasons.items())
    ]
    return _PAGE.format(
        had=had,
        wanted=wanted,
        useless=useless,
        percent=f"{100 * had / wanted:.1f}",
        rows="\n".join(lines),
        told="\n".join(told),
    )


def _reason(name: str, used: set[str]) -> str:
    for reasons in (NO_USE, MISSING):
        for beginning, why in reasons.items():
            if name.startswith(beginning):
                used.add(beginning)
                return why
    raise ValueError(f"{name} is offered by Device OS 2.3.1 and not here, without a reason")


_PAGE = """\
# Wiring: what is there

Of the {wanted} functions and methods that Wiring's headers of Device OS 2.3.1 offer an application of the Photon, {had}
are in `firmware/wiring`: **{percent} %**. {useless} more have no use on a Photon, or only within Device OS. Written by
`./rig coverage` from the headers and `firmware/abi/wiring.tsv`; methods count by name, not by overload.

| header | functions | of no use | here | share |
|---|--:|--:|--:|--:|
{rows}

## Left out

{told}
"""

if __name__ == "__main__":
    PAGE.write_text(page())
    print("docs/wiring-coverage.md")
