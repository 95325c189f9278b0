import faults
from faults import as_record, codes, finding

CODE = "user-timeout"


def test_a_last_wait_that_was_cut_short():
    one = finding(faults.user_timeout(), CODE)
    assert one.summary == "TCP gave up after 1.030 s because the application set TCP_USER_TIMEOUT."
    assert one.confidence == 1.0 and one.severity == "warning"


def test_fewer_retries_than_the_setting():
    one = finding(faults.timed_out(retries="6"), CODE)
    assert "TCP_USER_TIMEOUT or TCP_SYNCNT" in one.summary and one.confidence < 1


def test_the_kernels_own_end():
    assert CODE not in codes(faults.timed_out())


def test_the_setting_of_another_namespace_says_nothing():
    whole = faults.timed_out(retries="6")
    whole.header.netns = faults.OTHER_NETNS
    assert CODE not in codes(whole)


def test_record_detail_counts_a_second_for_each_syn():
    one = finding(as_record(faults.user_timeout()), CODE)
    assert "waited 1.030 s where at least 2.000 s was due" in one.evidence


def test_look_alikes():
    for other in (faults.lost, faults.icmp_hard, faults.healthy):
        assert CODE not in codes(other())
