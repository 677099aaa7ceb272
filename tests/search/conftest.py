from hypothesis import HealthCheck, settings

# The same examples in every run, and none kept between runs: a failure comes with the change that caused it.
settings.register_profile(
    "bounded", max_examples=200, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("bounded")
