"""Which letters ask for which digest."""

import pytest

from fdsim.content.digest import digest_for
from fdsim.wire.options import parse_letters


@pytest.mark.parametrize(
    ("letters", "name", "stream", "of_nothing"),
    [
        ("M", "MD5", 3, "d41d8cd98f00b204e9800998ecf8427e"),
        ("S", "SHA1", 10, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("S1", "SHA1", 10, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("S2", "SHA256", 17, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("S3", "SHA512", 18, "cf83e1357eefb8bdf1542850d66d8007"),
        # MD5 wins over SHA1 over SHA256 over SHA512, in whatever order they stand (SD-DIG-3).
        ("S3S2SM", "MD5", 3, "d41d8cd98f00b204e9800998ecf8427e"),
        ("S3S2", "SHA256", 17, "e3b0c44298fc1c149afbf4c8996fb924"),
        ("fZ6S2", "SHA256", 17, "e3b0c44298fc1c149afbf4c8996fb924"),
    ],
)
def test_the_digest_of_letters(letters: str, name: str, stream: int, of_nothing: str) -> None:
    digest = digest_for(parse_letters(letters))
    assert digest is not None
    assert (digest.name, digest.stream) == (name, stream)
    assert digest.new().hexdigest().startswith(of_nothing)


@pytest.mark.parametrize("letters", ["", "0", "fs", "VS2:", "CM:"])
def test_without_a_letter_there_is_none(letters: str) -> None:
    assert digest_for(parse_letters(letters)) is None
