import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from silicus.data.deposit import folder
from silicus.data.deposit.folder import open_deposit
from silicus.errors import InputError


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return path


def test_a_folder_lists_its_files_and_passes_over_what_machines_leave_behind(tmp_path):
    for name in ("b.csv", "sub/a.txt", ".DS_Store", ".git/config", "__MACOSX/b.csv", "sub/Thumbs.db", "~$book.docx"):
        write(tmp_path / name)
    deposit = open_deposit(tmp_path)
    assert deposit.path == tmp_path
    assert deposit.files == ("b.csv", "sub/a.txt")
    assert deposit.file("sub/a.txt") == tmp_path / "sub" / "a.txt"


@pytest.mark.parametrize(
    "name", ["../b.csv", "sub/../../b.csv", "/etc/passwd", "C:\\b.csv", "..\\b.csv", "\\\\host\\b"]
)
def test_a_name_that_leaves_the_deposit_is_refused(tmp_path, name):
    write(tmp_path / "b.csv")
    with pytest.raises(InputError, match=r"leaves the deposit. Write a path inside it"):
        open_deposit(tmp_path).file(name)


def test_a_link_out_of_the_deposit_is_neither_listed_nor_opened(tmp_path):
    write(tmp_path / "secret.txt")
    write(tmp_path / "secrets" / "more.txt")
    write(tmp_path / "d" / "b.csv")
    (tmp_path / "d" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "d" / "folder").symlink_to(tmp_path / "secrets")
    (tmp_path / "d" / "round.txt").symlink_to(tmp_path / "d" / "round.txt")
    deposit = open_deposit(tmp_path / "d")
    assert deposit.files == ("b.csv",)
    with pytest.raises(InputError, match=r"'link.txt' is a link that leaves the deposit. Put the file itself there"):
        deposit.file("link.txt")
    with pytest.raises(InputError, match=r"holds no file 'folder/more.txt'"):
        deposit.file("folder/more.txt")
    with pytest.raises(InputError, match="round"):
        deposit.file("round.txt")


def test_a_file_that_becomes_a_link_after_it_was_listed_is_refused(tmp_path):
    write(tmp_path / "secret.txt")
    file = write(tmp_path / "d" / "b.csv")
    deposit = open_deposit(tmp_path / "d")
    file.unlink()
    file.symlink_to(tmp_path / "secret.txt")
    with pytest.raises(InputError, match="is a link that leaves the deposit"):
        deposit.file("b.csv")


def test_a_link_within_the_deposit_is_a_file(tmp_path):
    write(tmp_path / "b.csv", "answers")
    (tmp_path / "same.csv").symlink_to(tmp_path / "b.csv")
    assert open_deposit(tmp_path).file("same.csv").read_text() == "answers"


def test_a_misspelt_or_moved_name_is_answered_with_the_nearest(tmp_path):
    for name in ("data/raw/answers.csv", "codebook.txt"):
        write(tmp_path / name)
    deposit = open_deposit(tmp_path)
    with pytest.raises(InputError, match=r"holds no file 'codebok.txt'. Did you mean 'codebook.txt'\?"):
        deposit.file("codebok.txt")
    with pytest.raises(InputError, match=r"Did you mean 'data/raw/answers.csv'\?"):
        deposit.file("answers.csv")
    with pytest.raises(InputError, match=r"holds no file 'zzz'. It holds codebook.txt, data/raw/answers.csv$"):
        deposit.file("zzz")
    with pytest.raises(InputError, match="holds no file 'data'"):
        deposit.file("data")
    with pytest.raises(InputError, match="holds no file 'xxx"):
        deposit.file("x" * 5000)


def test_nothing_there_or_no_archive_is_refused(tmp_path):
    write(tmp_path / "deposit" / "b.csv")
    with pytest.raises(InputError, match=r"no such file or folder. Did you mean 'deposit'\?"):
        open_deposit(tmp_path / "deposti")
    with pytest.raises(InputError, match=r"no such file or folder.$"):
        open_deposit(tmp_path / "absent" / "deposit")
    with pytest.raises(InputError, match=r"found no folder and no zip archive. Unpack it, and name the folder"):
        open_deposit(tmp_path / "deposit" / "b.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no files. Expected data files"):
        open_deposit(tmp_path / "empty")
    with pytest.raises(InputError, match="holds no files"):
        open_deposit(zipped(tmp_path / "empty.zip", {"__MACOSX/a": b""}), tmp_path / "out")


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_MOST_FILES", 3)
    members = {f"d/{number}.csv": b"x" for number in range(4)}
    for name in members:
        write(tmp_path / name)
    with pytest.raises(InputError, match=r"found more than 3 files. Name the folder of one study"):
        open_deposit(tmp_path / "d")
    with pytest.raises(InputError, match=r"many.zip: found 4 files, more than 3. Unpack the part"):
        open_deposit(zipped(tmp_path / "many.zip", members))


def test_a_file_name_that_no_screen_can_show_is_refused(tmp_path):
    write(tmp_path / "a\x1b[2Jb.csv")
    with pytest.raises(
        InputError, match=r"found the file name 'a\\x1b\[2Jb.csv', with letters that no screen can show"
    ):
        open_deposit(tmp_path)


def test_a_folder_that_cannot_be_read_is_said(tmp_path, monkeypatch):
    def walk(top, onerror):
        onerror(PermissionError(13, "Permission denied", str(top)))
        return []

    monkeypatch.setattr(folder.os, "walk", walk)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        open_deposit(tmp_path)


def test_an_archive_is_unpacked_into_the_given_folder(tmp_path):
    members = {"Study/": b"", "Study\\data\\b.csv": b"id,a\n1,2\n", "Study/book.txt": b"words", "__MACOSX/._b": b"x"}
    deposit = open_deposit(zipped(tmp_path / "d.zip", members), tmp_path / "new" / "out")
    assert deposit.path == tmp_path / "new" / "out"
    assert deposit.files == ("Study/book.txt", "Study/data/b.csv")
    assert deposit.file("Study/data/b.csv").read_bytes() == b"id,a\n1,2\n"
    with pytest.raises(InputError, match=r"out: is there already. Name a new folder to unpack d.zip into"):
        open_deposit(tmp_path / "d.zip", tmp_path / "new" / "out")


def test_an_archive_without_a_folder_goes_into_a_temporary_one_removed_at_the_end(tmp_path, monkeypatch):
    at_the_end = []
    monkeypatch.setattr(folder.atexit, "register", lambda *call, **options: at_the_end.append((call, options)))
    deposit = open_deposit(zipped(tmp_path / "d.zip", {"b.csv": b"x"}))
    assert deposit.file("b.csv").read_bytes() == b"x"
    ((remove, path), options) = at_the_end[0]
    remove(path, **options)
    assert path == deposit.path
    assert not path.exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    write(tmp_path / "file")
    archive = zipped(tmp_path / "d.zip", {"b.csv": b"x"})
    with pytest.raises(InputError, match=r"cannot be made .* Name another folder"):
        open_deposit(archive, tmp_path / "file" / "out")


def refused(tmp_path: Path, archive: Path, match: str) -> None:
    """Check that an archive is refused and that nothing of it stays."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=match) as caught:
        open_deposit(archive, tmp_path / "out")
    assert str(caught.value).startswith(f"{archive}: ")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["../b.csv", "a/../../b.csv", "/b.csv", "..\\b.csv", "C:/b.csv"])
def test_a_member_that_leaves_the_folder_is_refused(tmp_path, name):
    refused(tmp_path, zipped(tmp_path / "d.zip", {"a.csv": b"x", name: b"x"}), r"leaves the folder it is unpacked into")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO])
def test_a_member_that_is_a_link_or_a_device_is_refused(tmp_path, kind):
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as bundle:
        bundle.writestr(link, "/etc/passwd")
    refused(tmp_path, tmp_path / "d.zip", "the member 'link.txt' is a link or a device, expected files and folders")


def with_directory_field(archive: Path, offset: int, form: str, value: int) -> Path:
    """Change a field of the first entry of an archive's directory."""
    data = bytearray(archive.read_bytes())
    struct.pack_into(form, data, data.index(b"PK\x01\x02") + offset, value)
    archive.write_bytes(data)
    return archive


def test_an_encrypted_member_is_refused(tmp_path):
    archive = with_directory_field(zipped(tmp_path / "d.zip", {"a.csv": b"x"}), 8, "<H", 1)
    refused(tmp_path, archive, "the member 'a.csv' is encrypted. Unpack the archive by hand")


def test_a_member_that_stands_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as bundle:
        bundle.writestr("a.csv", "one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            bundle.writestr("a.csv", "two")
    refused(tmp_path, tmp_path / "d.zip", "the member 'a.csv' stands twice")


def test_a_file_that_is_also_a_folder_is_refused(tmp_path):
    refused(tmp_path, zipped(tmp_path / "d.zip", {"a": b"x", "a/b": b"x"}), "cannot be unpacked")


def test_a_bomb_is_stopped_while_it_swells(tmp_path):
    bomb = zipped(tmp_path / "d.zip", {"a.csv": b"x", "bomb.csv": bytes(12_000_000)})
    refused(tmp_path, bomb, r"the member 'bomb.csv' swells to \d+ times its size")


def test_a_large_member_of_usual_ratio_is_unpacked(tmp_path):
    data = os.urandom(100_000) * 110
    archive = zipped(tmp_path / "d.zip", {"a.csv": data})
    assert open_deposit(archive, tmp_path / "out").file("a.csv").stat().st_size == len(data)


def test_all_members_together_may_not_be_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_MOST_BYTES", 1500)
    archive = zipped(tmp_path / "d.zip", {"a.csv": bytes(1000), "b.csv": bytes(1000)})
    refused(tmp_path, archive, "unpacks to more than 1,500 bytes")


def test_a_false_size_in_the_header_is_found_out(tmp_path):
    archive = with_directory_field(zipped(tmp_path / "d.zip", {"a.csv": bytes(5000)}), 24, "<L", 10)
    refused(tmp_path, archive, "cannot be unpacked .*CRC.* Fetch it again, or unpack it by hand")


def test_a_truncated_archive_is_refused(tmp_path):
    archive = zipped(tmp_path / "d.zip", {"a.csv": os.urandom(3000)})
    data = bytearray(archive.read_bytes())
    data[100:2000] = bytes(1900)
    archive.write_bytes(data)
    refused(tmp_path, archive, "cannot be unpacked")
    archive.write_bytes(data[:1000])
    refused(tmp_path, archive, "found no folder and no zip archive")


def test_a_directory_larger_than_files_need_is_not_even_read(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_LARGEST_DIRECTORY", 5_000)
    archive = zipped(tmp_path / "d.zip", {f"{number}.csv": b"" for number in range(200)})
    refused(tmp_path, archive, r"found a directory of [\d,]+ bytes, more than 2,000 files need")


def test_the_real_deposit_lists_its_three_files(shared_data):
    assert open_deposit(shared_data / "deposits" / "ryan_aziz").files == (
        "Codebook.docx", "Codebook.txt", "rawdata_tess.csv",
    )  # fmt: skip
