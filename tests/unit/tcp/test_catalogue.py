import pytest

from synscope.tcp import catalogue
from synscope.tcp.values import FORMATTERS

ENTRIES = {entry.name: entry for entry in catalogue.functions().values()}


def test_an_entry_is_found_by_each_of_its_names():
    entry = catalogue.functions()["netif_rx"]
    assert entry.name == "__netif_rx" and catalogue.find("__netif_rx") is entry
    assert catalogue.find("no_such_function") is None


@pytest.mark.parametrize(
    "symbol", ["tcp_ack.isra.0", "tcp_ack.constprop.0.isra.0", "tcp_ack.part.0", "tcp_ack.cold"]
)
def test_what_the_compiler_appends_to_a_name_does_not_matter(symbol):
    assert catalogue.find(symbol) is catalogue.functions()["tcp_ack"]


def test_no_name_is_of_two_entries():
    names = [name for entry in ENTRIES.values() for name in (entry.name, *entry.also)]
    assert len(names) == len(set(names)) == len(catalogue.functions())


def test_every_stage_has_functions_and_each_function_is_with_its_stage():
    stages = [entry.stage for entry in ENTRIES.values()]
    assert set(stages) == set(catalogue.STAGES)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)
def test_an_entry_says_one_sentence_and_names_formatters_that_exist(entry):
    assert entry.does[0] == entry.does[0].upper() or not entry.does.split()[0].isalpha()
    assert entry.does.endswith(".") and entry.does.count(". ") == 0 and len(entry.does) <= 170
    assert entry.source.endswith((".c", ".h")) and entry.does.isascii()
    assert set(entry.arguments.values()) <= set(FORMATTERS)


def test_inlined_functions_have_no_arguments_to_show():
    assert not any(entry.arguments for entry in ENTRIES.values() if entry.inlined)
