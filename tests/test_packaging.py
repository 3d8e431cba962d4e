"""sdist → wheel → installed beside a foreign tools/ folder: the bundled one is used."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


BUILD = [sys.executable, "-m", "build", "--no-isolation", "--outdir"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the sdist."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([*BUILD, str(out), "--sdist", str(ROOT)], check=True, capture_output=True)
    (sdist,) = out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(out, filter="data")
    (found,) = (path for path in out.iterdir() if path.is_dir())
    return found


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    """The wheel that is built from the sdist, not from the checkout."""
    out = source.parent
    subprocess.run([*BUILD, str(out), "--wheel", str(source)], check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_all_that_the_readme_leads_to_is_in_the_sdist(source: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)[)#]", (source / "README.md").read_text())
    assert len(links) > 10
    assert [link for link in links if not (source / link).exists()] == []


def test_the_wheel_holds_tools_prompts_and_essays_and_nothing_foreign(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "scientist/_bundled/tools/kits/causal_features.py" in names
    assert "scientist/_bundled/prompts/hypothesize.md" in names
    assert any(name.startswith("scientist/_bundled/essays/") for name in names)
    assert "scientist/py.typed" in names
    for page in ("looks.css", "report/page.html", "view/html/base.html", "view/static/view.js"):
        assert f"scientist/audit/{page}" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"scientist"}


def test_an_installed_wheel_uses_its_own_tools_beside_a_foreign_folder(
    wheel: Path, tmp_path: Path
) -> None:
    place = tmp_path / "env"
    venv.create(place, with_pip=False, system_site_packages=False)
    libraries = next(place.glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(libraries)
    here = next(p for p in map(Path, sys.path) if (p / "pydantic").is_dir())
    for entry in here.iterdir():  # the dependencies, without the checkout itself
        if "scientist" not in entry.name and not (libraries / entry.name).exists():
            (libraries / entry.name).symlink_to(entry)
    project = tmp_path / "project"
    (project / "tools" / "kits").mkdir(parents=True)
    (project / "tools" / "__init__.py").write_text("raise SystemExit('the foreign tools ran')")
    (project / "tools" / "kits" / "evil.py").write_text("raise SystemExit('the foreign kit ran')")
    (project / "prompts").mkdir()
    done = subprocess.run(
        [str(place / "bin" / "python"), "-m", "scientist", "kit", "list"],
        capture_output=True,
        text=True,
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "causal_features" in done.stdout
    assert "evil" not in done.stdout
    where = subprocess.run(
        [
            *(str(place / "bin" / "python"), "-c"),
            "from scientist.resources import bundled; from scientist.agent.toolkit import Toolkit; "
            "print(bundled('tools')); print(Toolkit().names())",
        ],
        capture_output=True,
        text=True,
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert str(libraries) in where.stdout, where.stderr
    assert "search_essays" in where.stdout


def test_every_dependency_is_pinned_with_a_hash_and_no_host_is_named() -> None:
    for name in ("constraints.txt", "constraints-dev.txt"):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)
        assert len(pins) > 50
        assert text.count("--hash=sha256:") >= len(pins)
        assert not re.search(r"https?://|index-url|file:", text)


def test_what_the_project_asks_for_is_what_is_pinned() -> None:
    import tomllib

    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for file, wanted in (
        ("constraints.txt", asked["dependencies"]),
        ("constraints-dev.txt", asked["optional-dependencies"]["dev"]),
    ):
        pinned = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / file).read_text(), re.MULTILINE))
        for requirement in wanted:
            name = re.match(r"[A-Za-z0-9._-]+", requirement)
            assert name is not None
            assert name.group().lower() in pinned, f"{name.group()}: make constraints"
