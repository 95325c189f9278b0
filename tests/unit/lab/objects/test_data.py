import pytest

from synscope.errors import SynscopeError
from synscope.lab.objects.data import Data

DATA = Data(
    b"ffffffff81000000 T _text\n"
    b"ffffffff82a00000 d my_inetsw\n"
    b"ffffffff82b00000 b inetsw\n"
    b"ffffffff82c00000 D tcp_prot\n"
)


def test_names_and_addresses():
    assert DATA.address("inetsw") == 0xFFFFFFFF82B00000
    assert DATA.address("_text") == 0xFFFFFFFF81000000
    assert DATA.name(0xFFFFFFFF82C00000) == "tcp_prot"
    assert DATA.name(0xFFFFFFFF82C00008) == "0xffffffff82c00008"


def test_what_is_not_listed_is_told():
    with pytest.raises(SynscopeError, match="where its inetsw6 is: it was built without KALLSYMS_ALL"):
        DATA.address("inetsw6")
