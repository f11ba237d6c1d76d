import pandas as pd
import pytest

from osrae.cli.compare import parse_duration
from osrae.errors import InputError

from .shell import osrae, refused


def test_the_ranking_the_advice_and_the_files(iris, tmp_path):
    page, table = tmp_path / "r.html", tmp_path / "t.csv"
    done = osrae("compare", iris, "--target", "species", "--method", "smote+logistic-regression",
                 "--budget", "5s", "--report", page, "--table", table)  # fmt: skip
    lines = done.stdout.splitlines()
    assert "5-fold cross-validation" in lines[0]
    assert "SMOTE, then logistic regression" in done.stdout
    assert any(line.startswith("Use ") for line in lines)
    assert "methods.get(" in done.stdout or "osrae fit" in done.stdout
    ranking = pd.read_csv(table)
    assert ranking.acsa.is_monotonic_decreasing
    assert "smote+logistic-regression" in set(ranking.method)
    text = page.read_text()
    assert text.startswith("<!doctype html>") or text.startswith("<!DOCTYPE html>")
    assert "Which method for iris.csv?" in text
    assert "osrae compare" in text


def test_what_cannot_be_done_is_refused_before_anything_runs(iris, tmp_path):
    common = ("compare", iris, "--target", "species")
    assert "--budget soon" in refused(*common, "--budget", "soon")
    assert "no method 'smoote'" in refused(*common, "--method", "smoote")
    said = refused(*common, "--report", tmp_path / "r.pdf")
    assert f"{tmp_path / 'r.pdf'}: a report is an HTML file" in said
    said = refused(*common, "--table", tmp_path / "t.html")
    assert said.startswith(f"Error: {tmp_path / 't.html'}: expected a file ending in .csv")
    assert "is no folder" in refused(*common, "--report", tmp_path / "none/r.html")
    assert "--target" in refused("compare", iris)


def test_the_data_are_not_written_over(iris, tmp_path):
    own = tmp_path / "own.csv"
    own.write_bytes(iris.read_bytes())
    link = tmp_path / "link.csv"
    link.symlink_to(own)
    for output in (own, link):
        said = refused("compare", own, "--target", "species", "--table", output)
        assert "is the data itself; name another file" in said
    assert "is the data itself" in refused("resample", own, "--target", "species", "-o", own)
    assert own.read_bytes() == iris.read_bytes()


def test_a_column_that_no_model_can_have_as_its_class_is_named(iris, tmp_path):
    frame = pd.read_csv(iris)
    frame["half"] = frame.index % 2 + 0.5
    frame.to_csv(tmp_path / "half.csv", index=False)
    said = refused("compare", tmp_path / "half.csv", "--target", "half")
    assert "The column half cannot be the class" in said
    assert "the first 0.5" in said
    frame["day"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(frame.index % 2, unit="D")
    frame.to_parquet(tmp_path / "day.parquet")
    said = refused("compare", tmp_path / "day.parquet", "--target", "day")
    assert "The column day cannot be the class" in said
    assert "model file cannot hold" in said


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("2", 120), ("3 min", 180)]
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-1m", "0", "10 days"])
def test_what_is_no_duration(text):
    with pytest.raises(InputError, match="expected a time"):
        parse_duration(text)
