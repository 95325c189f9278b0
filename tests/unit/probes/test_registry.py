import pytest

from synscope.probes import registry
from synscope.probes.libbpf import Object
from synscope.probes.loader import object_path


@pytest.mark.parametrize("detail", ["record", "path", "functions"])
@pytest.mark.parametrize("until_close", [False, True])
def test_the_objects_have_the_programs_of_every_probe(detail: str, until_close: bool) -> None:
    by_subject = registry.probes_of(detail, until_close)
    by_object = registry.objects_of(detail, until_close)
    assert [p for probes in by_object.values() for p in probes] == [
        p for probes in by_subject.values() for p in probes
    ]
    for stem, probes in by_object.items():
        opened = Object(object_path(stem))
        assert {probe.program for probe in probes} <= opened.programs.keys()
        opened.close()
