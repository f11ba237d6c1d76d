"""``osrae fit --report``."""

from __future__ import annotations

from .shell import FAST, iris_frame, osrae, refused


def test_a_report_beside_the_model(iris, tmp_path):
    report = tmp_path / "report.html"
    said = osrae("fit", iris, "--target", "species", "-o", tmp_path / "model", "--baseline",
                 "--report", report, *FAST).stdout  # fmt: skip
    assert f"Report: {report}" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "report.html"]
    text = report.read_text(encoding="utf-8")
    assert "<h1><bdi>iris.csv</bdi></h1>" in text
    assert "The plain network recognises" in text
    assert "The plain network corrected for class frequencies recognises" in text
    assert f"osrae fit {iris} --target species" in text


def test_hostile_names_in_the_data_stay_text(tmp_path):
    frame = iris_frame().rename(columns={"site": "<b>site"})
    frame["species"] = frame["species"].replace("virginica", "<script>alert(1)</script>")
    frame.to_csv(tmp_path / "<i>.csv", index=False)
    report = tmp_path / "report.html"
    osrae("fit", tmp_path / "<i>.csv", "--target", "species", "-o", tmp_path / "model",
          "--report", report, *FAST)  # fmt: skip
    text = report.read_text(encoding="utf-8")
    for name in ("<b>site", "<i>.csv", "<script>alert"):
        assert name not in text
    for name in ("&lt;b&gt;site", "&lt;i&gt;.csv", "&lt;script&gt;alert"):
        assert name in text


def test_pictures_without_held_out_samples(digits, tmp_path):
    report = tmp_path / "report.html"
    osrae(
        "fit", digits, "-o", tmp_path / "model", "--test-fraction", "0", "--report", report, *FAST
    )
    text = report.read_text(encoding="utf-8")
    assert "cannot say how well the model predicts" in text
    assert text.count("data:image/png;base64,") == 6


def test_a_report_that_could_not_be_written_is_refused_before_training(iris, tmp_path):
    start = ["fit", iris, "--target", "species", "-o", tmp_path / "model", *FAST]
    assert "ends in .html" in refused(*start, "--report", tmp_path / "report.pdf")
    assert "is no folder" in refused(*start, "--report", tmp_path / "none" / "report.html")
    assert not list(tmp_path.iterdir())
