"""The PostgreSQL schema of an AI-chat and support-chat platform: models, migrations, operations."""


def __getattr__(name: str) -> str:
    # asked for now and then, and to look it up takes longer than to import the rest of this module
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("app-schema")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
