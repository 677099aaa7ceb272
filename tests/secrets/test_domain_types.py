"""The domains belong to the migrations: metadata neither creates nor drops them."""

from sqlalchemy import Column, Integer, MetaData, Table, create_mock_engine, inspect

from app_schema.models.types import BCRYPT_HASH, PUBLIC_URL, SHA256_HEX, BcryptPassword, HashedToken


def table(metadata):
    return Table(
        "holder",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("token", HashedToken),
        Column("password_hash", BcryptPassword),
        Column("digest", SHA256_HEX),
        Column("other", BCRYPT_HASH),
        Column("url", PUBLIC_URL),
        prefixes=["TEMPORARY"],
    )


def test_only_the_table_is_created_and_dropped():
    said = []
    engine = create_mock_engine(
        "postgresql+psycopg://", lambda sql, *_args, **_options: said.append(str(sql.compile(dialect=engine.dialect)))
    )
    for metadata in (MetaData(), MetaData(schema="elsewhere")):
        said.clear()
        table(metadata)
        metadata.create_all(engine, checkfirst=False)
        metadata.drop_all(engine, checkfirst=False)
        assert [sql.split()[0] for sql in said] == ["CREATE", "DROP"]
        assert not any("DOMAIN" in sql or "TYPE" in sql for sql in said)


def test_the_columns_are_of_the_domains(connection):
    metadata = MetaData()
    table(metadata)
    metadata.create_all(connection)
    found = {column["name"]: getattr(column["type"], "name", None) for column in inspect(connection).get_columns("holder")}
    assert found == {
        "id": None,
        "token": "sha256_hex",
        "password_hash": "bcrypt_hash",
        "digest": "sha256_hex",
        "other": "bcrypt_hash",
        "url": "public_url",
    }
    metadata.drop_all(connection)
    assert connection.exec_driver_sql("SELECT 'a'::text::sha256_hex IS NULL WHERE false").all() == []
