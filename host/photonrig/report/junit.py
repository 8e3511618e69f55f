"""JUnit XML: one test case a step or a change, the cause of a failure as a property."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from photonrig.report.compared import Compared
from photonrig.report.run import Run
from photonrig.trace import printable


def write_junit(run: Run, path: Path) -> None:
    """Write ``run`` to ``path``; steps that did not run appear as skipped."""
    suite = ET.Element(
        "testsuite",
        name=run.title,
        tests=str(len(run.steps)),
        failures=str(run.count("failed")),
        skipped=str(run.count("not run")),
        errors="0",
        time=f"{run.seconds:.3f}",
        timestamp=run.started.isoformat(timespec="seconds"),
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in run.facts:
        ET.SubElement(properties, "property", name=name, value=value)
    for step in run.steps:
        case = ET.SubElement(suite, "testcase", classname=step.chapter, name=step.title, time=f"{step.seconds:.3f}")
        if step.cause is not None:
            own = ET.SubElement(case, "properties")
            ET.SubElement(own, "property", name="cause", value=step.cause)
        if step.verdict == "failed":
            failure = ET.SubElement(case, "failure", message=step.observed, type=step.cause or "unknown")
            failure.text = f"expected: {step.expected}\nobserved: {step.observed}"
        elif step.verdict == "not run":
            ET.SubElement(case, "skipped", message="an earlier step failed")
        if step.evidence:
            out = ET.SubElement(case, "system-out")
            out.text = "\n".join(f"[{piece.lane}] {piece.text}" for piece in step.evidence)
    path.parent.mkdir(parents=True, exist_ok=True)
    root = ET.Element("testsuites")
    root.append(suite)
    _write(root, path)


def add_changes(compared: Compared, path: Path) -> None:
    """Add a failed test case for each change to a JUnit file; with an earlier run and no change, one that passed."""
    if not compared.since:
        return
    name = f"changed since {compared.since}"
    count = len(compared.changes)
    suite = ET.Element("testsuite", name=name, tests=str(count or 1), failures=str(count), skipped="0", errors="0")
    for change in compared.changes:
        case = ET.SubElement(suite, "testcase", classname=name, name=printable(change.key))
        ET.SubElement(case, "failure", message=printable(str(change)), type="changed").text = printable(str(change))
    if not count:
        ET.SubElement(suite, "testcase", classname=name, name="nothing changed")
    root = ET.parse(path).getroot()  # noqa: S314 (a file of our own)
    root.append(suite)
    _write(root, path)


def _write(root: ET.Element, path: Path) -> None:
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
