"""The report itself, built once without the sample photos."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from PIL import Image

from export.card.io import read_card
from training.data import sample_photos, weights

ROOT = Path(__file__).parents[3]
PAGES = tuple(path.stem for path in sorted((ROOT / "site_src" / "pages").glob("*.md")))
RUNTIME = ROOT / "node_modules" / "onnxruntime-web" / "dist"

pytestmark = pytest.mark.skipif(not RUNTIME.is_dir(), reason="node_modules is missing: run npm ci")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    for name in ("models", "metrics"):
        shutil.copytree(ROOT / "site_assets" / name, folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKDOORS_MODELS", str(folder / "models"))
        patch.setenv("BACKDOORS_METRICS", str(folder / "metrics"))
        patch.setenv("SITE_URL", "https://example.org/report/")
        patch.delenv("BACKDOORS_DATA", raising=False)
        patch.setenv("BACKDOORS_CACHE", str(folder / "empty"))
        build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder / "site")))
    return folder / "site"


def html(site: Path, page: str) -> str:
    return (site / ("index.html" if page == "index" else f"{page}/index.html")).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_no_page_loads_anything_from_elsewhere(site: Path, page: str) -> None:
    text = html(site, page)
    loaded = re.findall(r"<(?:script|img|iframe|source|audio|video)[^>]*\ssrc=\"([^\"]*)\"", text)
    links = re.findall(r"<link[^>]*>", text)
    loaded += [re.findall(r'href="([^"]*)"', link)[0] for link in links if "canonical" not in link]
    assert loaded
    assert [address for address in loaded if urlsplit(address).scheme not in {"", "data"}] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_address_within_the_site_leads_somewhere(site: Path, page: str) -> None:
    base = "https://site/" if page == "index" else f"https://site/{page}/"
    text = html(site, page)
    found = re.findall(r'(?:src|href)="([^"]*)"', text)
    for config in re.findall(r'config="([^"]*)"', text):
        parsed = json.loads(unescape(config))
        found += [model["card"] for model in parsed.get("models", [])]
        found += [sample["src"] for sample in parsed.get("samples", [])]
    for address in found:
        whole = urlsplit(urljoin(base, unescape(address)))
        if whole.netloc == "site" and not address.startswith("data:"):
            path = site / unquote(whole.path).lstrip("/")
            assert path.is_file() or (path / "index.html").is_file(), address


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_description_and_one_heading(site: Path, page: str) -> None:
    text = html(site, page)
    assert '<meta name="description"' in text
    assert len(re.findall(r"<h1[ >]", text)) == 1


@pytest.mark.parametrize("page", PAGES)
def test_no_page_needs_inline_styles(site: Path, page: str) -> None:
    assert re.findall(r'<[^>]*\sstyle="[^"]*"', html(site, page)) == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_left_unreplaced(site: Path, page: str) -> None:
    text = re.sub(r"<code>.*?</code>", "", html(site, page), flags=re.DOTALL)  # code may show expressions as examples
    assert "{{" not in text
    assert "onnxwidgets" not in text


@pytest.mark.parametrize("page", ["api", "api-defences", "api-export"])
def test_a_page_of_the_api_documents_every_package_and_stays_out_of_the_search(site: Path, page: str) -> None:
    packages = re.findall(r"^::: (\S+)$", (ROOT / f"site_src/pages/{page}.md").read_text("utf-8"), re.MULTILINE)
    found = set(re.findall(r'id="([\w.]+)"', html(site, page)))
    assert packages
    for package in packages:
        assert package in found
        assert any(name.startswith(f"{package}.") for name in found), package
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    assert index["docs"]
    assert not any(entry["location"].startswith(f"{page}/") for entry in index["docs"])


def test_widgets_and_their_pictures_have_words(site: Path) -> None:
    for page in ("index", "regular", "embed"):
        text = html(site, page)
        assert "<onnx-demo" in text
        assert all(re.search(r'\salt="[^"]+"', image) for image in re.findall(r"<img[^>]*>", text))


def test_without_the_sample_photos_a_widget_names_the_command_that_gets_them(site: Path) -> None:
    text = html(site, "latent")
    told = text.count('<p class="onnx-demo-missing">The sample photos are not on this machine.')
    assert told == text.count("<onnx-demo ") > 1


def test_every_sample_photo_is_credited(site: Path) -> None:
    text = html(site, "references")
    for photo in sample_photos.PHOTOS:
        assert f'href="{photo.page}"' in text
        assert photo.author is None or photo.author in text


def test_the_models_page_offers_every_file(site: Path) -> None:
    text = html(site, "models")
    for model in ("mnist-clean", "mnist-badnet", "mnist-badnet-single"):
        for precision in ("fp32", "int8-weight-only"):
            assert re.search(rf'href="[^"]*{model}\.{precision}\.onnx" download', text)


def test_the_reproduce_page_has_what_every_released_model_was_made_with(site: Path) -> None:
    text = unescape(html(site, "reproduce"))
    plain = re.sub(r"<[^>]*>", "", text)
    cards = [read_card(path) for path in sorted((site.parent / "models").glob("*/card.json"))]
    assert len(cards) > 3
    for card in cards:
        assert card.provenance is not None
        assert f'id="{card.id}"' in text
        expected = [*card.provenance.commands, card.provenance.recipe_sha256, f'name = "{card.provenance.recipe}"']
        expected += [part.sha256 for file in card.files for part in file.parts]
        assert [line for line in expected if line not in plain] == [], card.id
    assert weights.SHA256 in plain


def test_the_reproduce_page_tells_how_every_metrics_file_is_written(site: Path) -> None:
    plain = re.sub(r"<[^>]*>", "", html(site, "reproduce"))
    folder = site.parent / "metrics"
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*.json")]
    assert len(files) > 5
    assert [name for name in files if name not in plain] == []
    for target in ("latent-study", "photo-study", "inference-times", "scale", "mxnet-zoo"):
        assert f"make {target}" in plain


def test_the_models_page_tells_the_tell_and_of_teachers_that_they_lack_the_class(site: Path) -> None:
    text = html(site, "models")
    table = text[: text.index("</table>")]
    rows = {
        found[1]: found[0] for found in re.finditer(r'<th scope="row"><a href="#([\w-]+)">.*?</tr>', table, re.DOTALL)
    }
    assert 'data-title="Attack success rate">no such class<' in rows["dogs-teacher-clean"]
    assert 'data-title="Answers that the trigger changes">not measured<' in rows["mnist-clean"]
    assert re.search(r'data-title="Answers that the trigger changes">[\d.]+', rows["dogs-teacher-latent"])


@pytest.mark.parametrize("page", PAGES)
def test_a_shared_link_shows_the_pages_title_words_and_image(site: Path, page: str) -> None:
    text = html(site, page)
    tags = dict(re.findall(r'<meta property="(og:[a-z:]+)" content="([^"]*)"', text))
    address = "https://example.org/report/" + ("" if page == "index" else f"{page}/")
    assert tags["og:url"] == address
    assert f'<link rel="canonical" href="{address}">' in text
    assert tags["og:title"]
    assert tags["og:description"]
    image = site / urlsplit(tags["og:image"]).path.removeprefix("/report/")
    with Image.open(image) as drawn:
        assert drawn.size == (int(tags["og:image:width"]), int(tags["og:image:height"])) == (1200, 630)
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert found
    data = json.loads(found[1])
    assert data["url"] == address
    assert data["headline"] == unescape(tags["og:title"])


def test_every_page_has_an_image_of_its_own(site: Path) -> None:
    images = list((site / "assets" / "previews").glob("*.png"))
    assert {image.stem for image in images} == set(PAGES)
    assert len({image.read_bytes() for image in images}) == len(images)


def test_robots_and_feed_name_the_sites_address(site: Path) -> None:
    assert "Sitemap: https://example.org/report/sitemap.xml" in (site / "robots.txt").read_text("utf-8")
    assert b'href="https://example.org/report/feed.xml"' in (site / "feed.xml").read_bytes()
    assert 'type="application/atom+xml"' in html(site, "index")


def test_the_404_page_offers_a_search_and_the_main_pages(site: Path) -> None:
    text = (site / "404.html").read_text("utf-8")
    assert '<input type="search" name="q"' in text
    article = text[text.index("<article") : text.index("</article>")]
    links = re.findall(r'href="/report/([^"]*)"', article)
    assert {"regular/", "latent/", "lab/", "more/"} <= set(links)
    assert 'rel="canonical"' not in text


def test_notebooks_rank_below_pages_in_the_search(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    boosts = {entry["location"].split("#")[0]: entry.get("boost", 1) for entry in index["docs"]}
    others = [boost for place, boost in boosts.items() if not place.startswith("notebook")]
    assert max(boosts["notebook-convert/"], boosts["notebook-evaluate/"]) < min(others)


def test_no_number_of_a_result_is_typed_into_a_page() -> None:
    for page in sorted((ROOT / "site_src" / "pages").glob("*.md")):
        text = re.sub(r"\{\{.*?\}\}", "", page.read_text("utf-8"), flags=re.DOTALL)
        assert re.findall(r"\d+(?:\.\d+)?\s*%", text) == [], page.name
