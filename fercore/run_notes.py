"""What users say of a run: a note and tags, in note.json beside its measurements and never among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fercore.run_files import RunError, read_json, write_json
from fercore.runs import Run

NOTE_FILE = "note.json"
LONGEST_NOTE = 10_000  # characters
MOST_TAGS, LONGEST_TAG = 20, 40


@dataclass(frozen=True)
class Notes:
    """A note, "" where there is none, and tags in the order of the alphabet."""

    note: str = ""
    tags: tuple[str, ...] = ()


NO_NOTES = Notes()


def read_notes(run: Run) -> Notes:
    """What users said of a run; RunError if the file is damaged."""
    path = run.path / NOTE_FILE
    content = read_json(path) if path.is_file() else {}
    note, tags = content.get("note", ""), content.get("tags", [])
    if not isinstance(note, str):
        raise RunError(f"{path}: 'note' is no text; delete the file")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise RunError(f"{path}: 'tags' is no list of texts; delete the file")
    return Notes(note, check_tags(tags))


def write_notes(run: Run, notes: Notes) -> None:
    """Keep a note and tags; where both are empty the file goes."""
    note, tags = notes.note.strip(), check_tags(notes.tags)
    if len(note) > LONGEST_NOTE:
        raise RunError(f"the note has {len(note):,} characters, at most {LONGEST_NOTE:,} are kept; shorten it")
    content = {**({"note": note} if note else {}), **({"tags": list(tags)} if tags else {})}
    if content:
        write_json(run.path / NOTE_FILE, content)
    else:
        (run.path / NOTE_FILE).unlink(missing_ok=True)


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without blanks around them, sorted, each once; RunError where there are too many or one will not do."""
    found = tuple(sorted({tag.strip() for tag in tags} - {""}))
    if odd := [tag for tag in found if len(tag) > LONGEST_TAG or not tag.isprintable()]:
        raise RunError(f"the tag {odd[0][:60]!r} will not do: expected at most {LONGEST_TAG} printable characters")
    if len(found) > MOST_TAGS:
        raise RunError(f"received {len(found)} tags, at most {MOST_TAGS} are kept for a run")
    return found
