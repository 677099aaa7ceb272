"""The month: a drill and a page."""


def test_a_month_drills_and_reviews(run, tmp_path):
    assert run("backup", "dump").exit_code == 0
    done = run("maintain", "monthly")
    assert done.exit_code == 0, done.output
    assert "within the RTO of 4 h" in done.output
    (page,) = (tmp_path / "home" / "reviews").iterdir()
    assert "<svg" in page.read_text()


def test_without_a_backup_the_drill_fails_and_the_review_is_written(run, tmp_path):
    done = run("maintain", "monthly")
    assert done.exit_code == 1
    assert "1 of 2 steps failed: drill" in done.stderr
    assert "app-schema backup dump" in done.stdout
    assert list((tmp_path / "home" / "reviews").iterdir())


def test_a_drill_whose_time_is_up_is_given_up(run):
    run("backup", "dump")
    assert "drill              unfinished" in run("maintain", "monthly", "--budget", "0.005").output
