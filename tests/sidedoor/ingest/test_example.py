"""The simulated example is read whole, says that it is simulated, and is the same file each time."""

from made.example import write_example
from sidedoor.ingest import inspect_file


def test_example_is_the_same_file_each_time(tmp_path):
    """One seed, one file."""
    one = write_example(tmp_path).read_bytes()

    assert one == write_example(tmp_path).read_bytes()
    assert b"simulated" in one


def test_example_is_read_whole(tmp_path):
    """All sixty searches come out, and the header that is repeated within is set aside with its reason."""
    report = inspect_file(write_example(tmp_path, rows_n=60))

    assert (61, 60) == (report.rows_in, report.rows_out)
    assert 1 == sum(part.rows_n for part in report.set_aside)
    assert "UTC" in report.time_zone
