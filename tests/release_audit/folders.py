"""Two release folders of Mexico made by hand, August and September 2025; numbers worked out on paper.

Each month is alike: 95 persons in the country, 75 in Tapachula; 34 referrals, 17 of them answered in time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path

MARKERS = ["YEAR", "QUARTER", "MONTH", "SITE"]
COLUMNS = (
    "indicator,measure,unit,period,place_level,place,sex,age_band,origin,household_type,need_group,counted,"
    "numerator,denominator,value,status,cube"
)
ARRIVALS = {
    ("F", "5-11"): [10, 5, 0, 5],
    ("F", "18-59"): [20, 10, 5, 0],
    ("M", "5-11"): [5, 0, 0, 0],
    ("M", "18-59"): [30, 5, 5, 5],
}
BY_SITE = {
    ("MX-TAP", "F"): [20, 10, 0, 5],
    ("MX-TAP", "M"): [35, 0, 5, 0],
    ("MX-OTH", "F"): [10, 5, 5, 0],
    ("MX-OTH", "M"): [0, 5, 0, 5],
}
REFERRALS = {"F": 20, "M": 14}
ANSWERS = {"F": {"IN_TIME": 12, "LATE": 8, "NONE": 0}, "M": {"IN_TIME": 5, "LATE": 0, "NONE": 9}}
WAITS = {"F": {"0-1": 5, "1-3": 10, "3-14": 5, "14+": 0}, "M": {"0-1": 5, "1-3": 9, "3-14": 0, "14+": 0}}

DIMENSIONS = {
    "arrivals": ["period", "place", "sex", "age_band", "counted"],
    "arrivals.site": ["period", "place", "sex", "counted"],
    "referrals": ["period", "place", "sex"],
    "referrals.answer": ["period", "place", "sex", "answer"],
    "referrals.wait": ["period", "place", "sex", "wait_days"],
}
PARENTS = {
    "arrivals.site": ("arrivals", "place"),
    "referrals.answer": ("referrals", "answer"),
    "referrals.wait": ("referrals", "wait_days"),
}
DEFINITIONS = {
    "P1-01": [
        {"measure": "COUNT", "unit": "PERSONS", "basis": "PERSONS", "version": 1, "select": {}},
        {"measure": "COUNT", "unit": "FIRST_COUNTED", "basis": "FIRST_COUNTED", "version": 1, "select": {}},
    ],
    "P2-01": [
        {"measure": "COUNT", "unit": "EVENTS", "basis": "EVENTS", "version": 1, "select": {}},
        {"measure": "MONEY", "unit": "USD", "basis": "EVENTS", "version": 1, "unit_cost": 120.5},
    ],
    "P2-02": [
        {
            "measure": "MEDIAN", "unit": "DAYS", "basis": "EVENTS", "version": 1, "select": {},
            "dimension": "wait_days",
            "bands": [["0-1", 0, 1], ["1-3", 1, 3], ["3-14", 3, 14], ["14+", 14, None]],
        }
    ],
    "P2-03": [
        {
            "measure": "RATE", "unit": "PERCENT", "basis": "EVENTS", "version": 1, "select": {},
            "part": {"answer": ["IN_TIME"]}, "of": {},
        }
    ],
}  # fmt: skip


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cubes(months: list[str]) -> dict[str, str]:
    rows: dict[str, list[list[object]]] = {name: [[*DIMENSIONS[name], "value"]] for name in DIMENSIONS}
    for month in months:
        for (sex, age), values in ARRIVALS.items():
            rows["arrivals"] += [[month, "MEX", sex, age, m, v] for m, v in zip(MARKERS, values, strict=True)]
        for (site, sex), values in BY_SITE.items():
            rows["arrivals.site"] += [[month, site, sex, m, v] for m, v in zip(MARKERS, values, strict=True)]
        for sex, value in REFERRALS.items():
            rows["referrals"].append([month, "MEX", sex, value])
            rows["referrals.answer"] += [[month, "MEX", sex, a, v] for a, v in ANSWERS[sex].items()]
            rows["referrals.wait"] += [[month, "MEX", sex, b, v] for b, v in WAITS[sex].items()]
    return {f"cube-{name}.csv": _csv(lines) for name, lines in rows.items()}


def _figures(month: str, months: int) -> str:
    site, quarter = "YEAR+QUARTER+MONTH+SITE", 85 * months
    return "\n".join(
        [
            COLUMNS,
            f"P1-01,COUNT,PERSONS,{month},COUNTRY,MEX,T,T,T,T,T,YEAR+QUARTER+MONTH,,,95,PUBLISHED,arrivals",
            f"P1-01,COUNT,PERSONS,{month},COUNTRY,MEX,F,CHILD,T,T,T,YEAR+QUARTER+MONTH,,,15,PUBLISHED,arrivals",
            f"P1-01,COUNT,PERSONS,{month},SITE,MX-TAP,T,T,T,T,T,{site},,,75,PUBLISHED,arrivals.site",
            f"P1-01,COUNT,PERSONS,2025-Q3,COUNTRY,MEX,T,T,T,T,T,YEAR+QUARTER,,,{quarter},PUBLISHED,arrivals",
            f"P1-01,COUNT,PERSONS,2025,COUNTRY,MEX,T,T,T,T,T,YEAR,,,{65 * months},PUBLISHED,arrivals",
            f"P1-01,COUNT,FIRST_COUNTED,{month},ADMIN1,MX07,T,T,T,T,T,YEAR,,,55,PUBLISHED,arrivals.site",
            f"P2-01,COUNT,EVENTS,{month},COUNTRY,MEX,T,T,T,T,T,T,,,34,PUBLISHED,referrals",
            f"P2-01,MONEY,USD,{month},COUNTRY,MEX,T,T,T,T,T,T,,,4097.00,PUBLISHED,referrals",
            f"P2-02,MEDIAN,DAYS,{month},COUNTRY,MEX,T,T,T,T,T,T,,34,1.7,PUBLISHED,referrals.wait",
            f"P2-03,RATE,PERCENT,{month},COUNTRY,MEX,T,T,T,T,T,T,17,34,50.0,PUBLISHED,referrals.answer",
            f"P2-03,RATE,PERCENT,{month},COUNTRY,MEX,M,T,T,T,T,T,5,14,35.7,PUBLISHED,referrals.answer",
            f"P2-03,RATE,PERCENT,{month},SITE,MX-TAP,T,T,T,T,T,T,,,,NOT_OFFERED,",
            "",
        ]
    )


def _hierarchy() -> dict[str, object]:
    same = {
        "sex": ["F", "M"],
        "counted": MARKERS,
        "answer": ["IN_TIME", "LATE", "NONE"],
        "wait_days": ["0-1", "1-3", "3-14", "14+"],
        "age_band": ["5-11", "18-59"],
        "place": ["MX-TAP", "MX-OTH"],
    }
    labels = {dimension: {name: [name] for name in names} for dimension, names in same.items()}
    labels["age_band"] |= {"CHILD": ["5-11"], "ADULT": ["18-59"]}
    labels["place"] |= {"MEX": ["MX-TAP", "MX-OTH"], "MX07": ["MX-TAP"]}
    cubes = {}
    for name, dimensions in DIMENSIONS.items():
        parent, split = PARENTS.get(name, (None, None))
        domain = name.partition(".")[0]
        unit = "PERSONS" if domain == "arrivals" else "EVENTS"
        cubes[name] = {
            "domain": domain, "unit": unit, "dimensions": dimensions,
            "parent": parent, "split_dimension": split, "stages": None,
        }  # fmt: skip
    return {"dimensions": labels, "cubes": cubes}


def _datapackage(files: dict[str, str]) -> dict[str, object]:
    resources = [
        {
            "name": name.removesuffix(".csv"), "path": name, "format": "csv",
            "schema": {"fields": [{"name": f, "type": "string"} for f in text.splitlines()[0].split(",")]},
        }
        for name, text in files.items() if name.endswith(".csv")
    ]  # fmt: skip
    return {"name": "release", "title": "Release", "licenses": [], "resources": resources}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_release(folder: Path, months: list[str], earlier: list[Path]) -> Path:
    """Write the release of the last of the months; `earlier` are the folders of the releases before it."""
    folder.mkdir()
    files = _cubes(months)
    files["figures.csv"] = _figures(months[-1], len(months))
    files["coverage.csv"] = (
        f"domain,period,place_level,place,status,reporting,expected\narrivals,{months[-1]},COUNTRY,MEX,COMPLETE,2,2\n"
    )
    files["revisions.csv"] = "cube,cell,old,new,revises,reason\n"
    files["hierarchy.json"] = json.dumps(_hierarchy())
    files["datapackage.json"] = json.dumps(_datapackage(files))
    files["README"] = "Made by hand for the tests.\n"
    manifest = {
        "format": 1, "rule": "closed-rounded-cube", "release": f"MEX-{months[-1]}", "period": months[-1],
        "country": "MEX", "k": dict.fromkeys(DIMENSIONS, 5), "delta": {"month": 10},
        "definitions": DEFINITIONS, "hashes": {}, "previous": [],
    }  # fmt: skip
    manifest["k"]["referrals.answer"] = {"IN_TIME": 5, "LATE": 5, "NONE": 9}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in earlier:
        entry = {"release": f"MEX-{path.name}", "period": path.name}
        entry["hashes"] = {file.name: sha256(file) for file in path.iterdir()}
        manifest["previous"].append(entry)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    reseal(folder)
    return folder


def edit_json(path: Path, edit: Callable[[dict], object]) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    path.write_text(json.dumps(value), encoding="utf-8")


def reseal(folder: Path) -> None:
    """Write fresh hashes into the manifest: a forger who knows about hashes."""
    hashes = {file.name: sha256(file) for file in folder.iterdir() if file.name != "manifest.json"}
    edit_json(folder / "manifest.json", lambda manifest: manifest.update(hashes=hashes))


def alter(path: Path, old: str, new: str) -> int:
    """Replace a whole line of a file, which must be there once; returns its row number."""
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.count(old) == 1, old
    row = lines.index(old) + 1
    lines[row - 1] = new
    path.write_text("\n".join(lines), encoding="utf-8")
    return row
