"""A study's YAML: every mistake is one line with the file and the place, and nothing is said twice."""

import pytest

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.config.yaml_file import read_yaml

GOOD = "name: x\ngrid:\n  seeds: [0, 1]\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a: !!int foo", "'foo' is no int"),
        ("a: !!float foo", "'foo' is no float"),
        ("a: !!bool maybe", "'maybe' is no bool"),
        ("a: !!timestamp soon", "'soon' is no timestamp"),
        ("a: 2020-13-45", "'2020-13-45' is no timestamp"),
        ("a: 2020-01-01 25:61:61", "is no timestamp"),
        ("a: " + "9" * 5000, "is no int"),
        ("a: !!int 0x", "'0x' is no int"),
        ("a: !!int 0b", "'0b' is no int"),
        ("a: !!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("a: " + "[" * 1000 + "]" * 1000, "nested more than 100 levels deep"),
        ("a: " + "{b: " * 1000 + "1" + "}" * 1000, "nested more than 100 levels deep"),
        ("a: " + "- " * 1000, ""),
        ("a: 0x" + "f" * 5000, "is no int (more than 64 bits)"),
        ("a: " + ":".join(["10"] * 3000), "is no int (more than 64 bits)"),
        ("a: &a [*a]", "alias 'a' stands inside the value that it names"),
        ("a: &a {b: {c: *a}}", "alias 'a' stands inside the value that it names"),
        ("a: [&n0 [x], " + ", ".join(f"&n{i} [*n{i - 1}]" for i in range(1, 200)) + "]", "nested more than 100 levels"),
        ("a: [&n0 [x], " + ", ".join(f"&n{i} [{f'*n{i - 1},' * 9}]" for i in range(1, 9)) + "]", "1,000,000 values"),
        ("a: \0", "control characters are not allowed"),
        ("a: [1", "expected"),
        ("\ta: 1", "cannot start any token"),
        ("a: *nobody", "undefined alias"),
        ("? [1, 2]\n: 3", "unhashable key"),
        ("name: y", "key 'name' stands twice"),
        ("b: {c: 1, c: 2}", "key 'c' stands twice"),
        ("1: a\n1: b", "key 1 stands twice"),
        ("~: a\nnull: b", "key None stands twice"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path, line, words):
    path = tmp_path / "study.yaml"
    path.write_text(f"{GOOD}{line}\n")
    with pytest.raises(ConfigError) as raised:
        read_yaml(path)
    message = str(raised.value)
    assert words in message
    assert "\n" not in message
    assert len(message) < 400 + len(str(path))
    number = int(message.removeprefix(f"{path}:").split(":")[0])
    assert 4 <= number <= 6


def test_what_is_no_text_is_named(tmp_path):
    path = tmp_path / "study.yaml"
    for content, words in ((b"\xff\xfe", "is no UTF-8 text"), (b"a: \x07", "control characters are not allowed")):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=words):
            read_yaml(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_yaml(tmp_path)


def test_merged_keys_may_be_overridden(tmp_path):
    """YAML's own way of laying one mapping over another is no repetition."""
    path = tmp_path / "study.yaml"
    path.write_text("base: &base {a: 1, b: 2}\nmine: {<<: *base, b: 3}\n")
    assert read_yaml(path)["mine"] == {"a": 1, "b": 3}
