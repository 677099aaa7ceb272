"""What is in a seeded database: ``app-schema up --seed``, then ``python examples/tour.py``."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection, select, text

from app_schema import inventory
from app_schema.engine import create_engine, shown
from app_schema.models import ChatRoom, Log, Message, RoomStatus, TranslationStatus
from app_schema.settings import Settings

WIDTH = 100
HISTORY = text("SELECT * FROM room_history WHERE room_id = :room ORDER BY created_at, message_id LIMIT 8")
QUEUE = text("SELECT * FROM waiting_rooms ORDER BY queue_position")
AGENTS = text("SELECT * FROM agent_dashboard ORDER BY active_rooms DESC, name")
COLORS = {"agent": "cyan", "customer": "green", "online": "green", "busy": "yellow", "away": "dim", "offline": "dim"}


def main() -> None:
    """Show the tables, a room, the queue, the agents and a log line."""
    console = Console(highlight=False)
    console = console if console.is_terminal and console.width <= WIDTH else Console(highlight=False, width=WIDTH)
    engine = create_engine()
    with engine.connect() as connection:
        for part in (tables, room, queue, agents, log):
            console.print(part(connection))
            console.line()
    console.print(Text.assemble(("database ", "bold"), shown(engine.url)), soft_wrap=True)
    console.print(Text.assemble(("connect  ", "bold"), 'psql "$(.venv/bin/app-schema url)"'))


def tables(connection: Connection) -> Table:
    """Two tables of the inventory side by side."""
    found = inventory.tables(connection, schema=Settings.from_env().schema_name)
    layout = grid(f"{len(found)} tables", *("table", ">rows", ">indexes") * 2)
    half = (len(found) + 1) // 2
    for left, right in zip(found[:half], [*found[half:], None], strict=False):
        cells = [(facts.name, f"{facts.rows:,}", str(facts.indexes)) if facts else ("", "", "") for facts in (left, right)]
        layout.add_row(*cells[0], *cells[1])
    return layout


def room(connection: Connection) -> Table:
    """An active room with much to read: each message as written and as the other side reads it."""
    translated = select(Message.room_id).where(Message.translation_status == TranslationStatus.DONE)
    active = select(ChatRoom).where(ChatRoom.status == RoomStatus.ACTIVE, ChatRoom.id.in_(translated))
    chat = connection.execute(active.order_by(ChatRoom.source_lang != "en", ChatRoom.last_message_at).limit(1)).one_or_none()
    if chat is None:
        return grid("a room (none is active)")
    layout = grid(f"a room: {chat.source_lang} ↔ {chat.target_lang}, {chat.department}", "sender", "written", "translated")
    for line in connection.execute(HISTORY, {"room": chat.id}):
        sender = Text(line.sender_name or line.sender_type, COLORS.get(line.sender_type, "dim"))
        status = "" if line.translation_status == TranslationStatus.NONE else f"({line.translation_status})"
        layout.add_row(sender, line.content, line.translated_content or status)
    return layout


def queue(connection: Connection) -> Table:
    """Who waits, in the order that claim_room serves."""
    layout = grid("waiting rooms", ">place", ">priority", "department", "language", ">waited")
    for line in connection.execute(QUEUE):
        waited = f"{line.waited.total_seconds() // 60:.0f} min {line.waited.seconds % 60:02} s"
        layout.add_row(str(line.queue_position), str(line.priority), line.department, line.source_lang, waited)
    return layout


def agents(connection: Connection) -> Table:
    """Who answers, and who could take one more."""
    layout = grid("agents", "name", "role", "status", "languages", ">active", ">free", ">unread")
    for line in connection.execute(AGENTS):
        status = Text(line.status, COLORS.get(line.status, ""))
        layout.add_row(
            *(line.name, line.role, status, " ".join(line.languages)),
            *(str(line.active_rooms), str(line.free_slots), str(line.unread_rooms)),
        )
    return layout


def log(connection: Connection) -> Table:
    """A log line that a trigger has masked before it was stored."""
    layout = grid("a log line, masked on its way in", "level", "message", "context")
    masked = select(Log.level, Log.message, Log.context).where(Log.message.contains("[주민번호]"))
    for line in connection.execute(masked.order_by(Log.created_at.desc()).limit(1)):
        layout.add_row(Text(line.level, "yellow"), Text(line.message), Text(str(line.context)))
    return layout


def grid(title: str, *columns: str) -> Table:
    """Lay out a compact table; a column that begins with > is flush right."""
    layout = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        layout.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left", header_style="dim")
    return layout


if __name__ == "__main__":
    main()
