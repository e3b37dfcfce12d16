"""Texts from files: marks that are not characters, encodings that are not UTF-8, and how long a text must be."""

import os
import shutil
import subprocess

import pytest

from tinygrad_rnn.data.text import CharText, TextError, read_text


def test_a_byte_order_mark_and_carriage_returns_are_not_characters(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo \xef\xbb\xbf")  # a second mark is a character like others
    assert read_text(path) == "one\ntwo \ufeff"
    path.write_bytes(b"\xef\xbb\xbf")
    with pytest.raises(TextError, match="is empty"):
        read_text(path)


@pytest.mark.parametrize(
    ("encoding", "named", "byte", "position"),
    [("latin-1", "CP1252", 0xEF, 7), ("cp1252", "CP1252", 0xEF, 7), ("utf-16", "UTF-16", 0xFF, 0), ("utf-32", "UTF-32", 0xFF, 0)],
)  # fmt: skip
def test_a_text_in_another_encoding_is_answered_with_the_command_that_converts_it(tmp_path, encoding, named, byte, position):  # fmt: skip
    path, text = tmp_path / "my text.txt", "It's na\u00efve.\n"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(
        TextError, match=rf"is not UTF-8: byte {byte:#x} at position {position}\. Convert it: "
    ) as caught:
        read_text(path)
    command = str(caught.value).split("Convert it: ")[1].split(" (")[0]
    assert command == f"iconv -f {named} -t UTF-8 '{path}' > utf8.txt"
    if os.name == "posix" and shutil.which("iconv"):
        subprocess.run(command, shell=True, check=True, cwd=tmp_path)
        assert read_text(tmp_path / "utf8.txt") == text


@pytest.mark.parametrize(("steps", "validation", "needed"), [(64, 0.1, 641), (64, 0.9, 651), (3, 0.5, 8), (8, 0.1, 81)])
def test_a_text_that_is_too_short_is_told_how_long_it_must_be(steps, validation, needed):
    with pytest.raises(TextError, match=rf"{needed - 1:,} characters leave .* at least {needed} characters are needed"):
        CharText("a" * (needed - 1), steps=steps, validation=validation)
    text = CharText("a" * needed, steps=steps, validation=validation)
    assert min(len(text.training), len(text.validation)) == steps + 1


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_leaves_nothing(share):
    with pytest.raises(ValueError, match=f"validation={share} is the share"):
        CharText("a" * 1000, validation=share)
