//! Files that are made to fill memory, read by the program in an address space that they would fill: it says what is
//! wrong and ends, it is never killed. What is fed to it is made while it reads.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The address space, in KiB. A debug build needs some 75 MiB to read anything with a field of 16 MiB in it.
const SPACE: u32 = 112_000;

/// What is fed: more than the address space.
const MUCH: usize = 112 << 20;

const NAMES: &[u8] = b"activity_id,subject,description\n";

/// Runs `chatdb` in `kib` of address space, with `feed` at its standard input.
fn limited(
    folder: &Path,
    kib: u32,
    args: &[&str],
    feed: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> Output {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", &kib.to_string()])
        .arg(env!("CARGO_BIN_EXE_chatdb"))
        .args(args)
        .env("RUST_BACKTRACE", "0")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let feeding = thread::spawn(move || {
        // Who has seen enough does not read to the end.
        let _ = feed(&mut input);
    });
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Writes `part` until there is [`MUCH`].
fn repeat(out: &mut dyn Write, part: &[u8]) -> io::Result<()> {
    let block = part.repeat((64 << 10) / part.len() + 1);
    for _ in 0..MUCH / block.len() {
        out.write_all(&block)?;
    }
    Ok(())
}

/// Reads what is fed; exit code 3, and nothing else than `stderr` on standard error.
#[track_caller]
fn refuses(
    feed: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    stderr: &str,
) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = limited(folder.path(), SPACE, &["import", "-", "--db", "a.sqlite"], feed);
    assert_eq!(text(&output.stderr), stderr);
    assert_eq!(output.status.code(), Some(3), "{}", output.status);
    text(&output.stdout).to_owned()
}

#[test]
fn a_quote_that_never_closes_on_a_line_that_never_ends_is_one_rejected_record() {
    let page = refuses(
        |out| {
            out.write_all(NAMES)?;
            out.write_all(b"1,\"a\",\"b\"\n2,\"")?;
            repeat(out, b"a")
        },
        "",
    );
    for part in
        ["2       | 1      | 1 ", "3    | 2      | CHATDB-I010", "standard input: 1 CHATDB-I010"]
    {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}

#[test]
fn a_quote_that_never_closes_over_many_lines_refuses_the_file() {
    refuses(
        |out| {
            out.write_all(NAMES)?;
            out.write_all(b"1,\"a\",\"b\"\n2,\"")?;
            repeat(out, b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")
        },
        "error: `standard input`: 20000 of the first 20001 records were rejected, e.g. line 20002: expected 3 \
         fields, found 1\n hint: nothing was loaded: a value contains the separator or a line break, or fields are \
         missing: export with quoted text; describe the file with `--input-format` and `--table`\n",
    );
}

#[test]
fn commas_and_nothing_else_are_no_form() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["import", "-", "--db", "a.sqlite"];
    let output = limited(folder.path(), SPACE, &args, |out| repeat(out, b","));
    let said = text(&output.stderr);
    assert!(said.starts_with("error: `standard input`: matches no known format"), "{said}");
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(!folder.path().join("a.sqlite").exists());
}

#[test]
fn commas_under_names_are_one_rejected_record() {
    let page = refuses(
        |out| {
            out.write_all(NAMES)?;
            out.write_all(b"1,a,b\n2,a,b\n3,a,b\n")?;
            repeat(out, b",")
        },
        "",
    );
    assert!(page.contains("standard input: 1 CHATDB-I010"), "{page}");
}

#[test]
fn what_gzip_unpacks_to_is_bounded() {
    let mut row = b"1,\"".to_vec();
    row.resize(1 << 20, b'a');
    row.extend(b"\",b\n");
    let mut member = GzEncoder::new(Vec::new(), Compression::default());
    member.write_all(&row).unwrap();
    let member = member.finish().unwrap();
    let mut names = GzEncoder::new(Vec::new(), Compression::default());
    names.write_all(NAMES).unwrap();
    let names = names.finish().unwrap();
    let packed = names.len() + 96 * member.len();
    assert!(packed < 128 << 10, "{packed} bytes");
    refuses(
        move |out| {
            out.write_all(&names)?;
            (0..96).try_for_each(|_| out.write_all(&member))
        },
        &format!(
            "error: `standard input`: cannot be read: unpacks to more than {} bytes from {packed}\n hint: nothing was \
             loaded; it may be a decompression bomb: inspect its contents, and export them as text\n",
            200 * packed
        ),
    );
}

#[test]
fn blank_lines_in_gzip_end_early_and_in_little_memory() {
    const MEMBERS: usize = 64;
    let member = |bytes: &[u8]| {
        let mut member = GzEncoder::new(Vec::new(), Compression::default());
        member.write_all(bytes).unwrap();
        member.finish().unwrap()
    };
    let (names, lines) = (member(NAMES), member(&vec![b'\n'; 16 << 20]));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv.gz"), [names, lines.repeat(MEMBERS)].concat()).unwrap();
    let args = ["import", "a.csv.gz", "--db", "a.sqlite"];
    let output = limited(folder.path(), SPACE, &args, |_| Ok(()));
    let stderr = text(&output.stderr);
    // How much of the file was read by then is a matter of its blocks.
    let said = "`a.csv.gz`: cannot be read: unpacks to more than ";
    assert!(stderr.contains(said), "{stderr}");
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(!folder.path().join("a.sqlite").exists());
}

#[test]
fn what_zstd_unpacks_to_is_bounded() {
    refuses(
        |out| {
            // A frame with a window of 1 MiB: the names, and then blocks of 128 KiB that each are one byte, repeated.
            let block = |size: usize, kind: usize| ((size << 3 | kind << 1) as u32).to_le_bytes();
            out.write_all(b"\x28\xB5\x2F\xFD\x00\x50")?;
            out.write_all(&block(NAMES.len(), 0)[..3])?;
            out.write_all(NAMES)?;
            for _ in 0..MUCH / (128 << 10) {
                out.write_all(&block(128 << 10, 1)[..3])?;
                out.write_all(b",")?;
            }
            Ok(())
        },
        "error: `standard input`: cannot be read: unpacks to more than 16777216 bytes from 3625\n hint: nothing was \
         loaded; it may be a decompression bomb: inspect its contents, and export them as text\n",
    );
}

/// The signal may come before there is anything to stop; then the system ends the program.
#[cfg(unix)]
#[test]
fn an_import_that_waits_for_input_ends_at_a_signal_and_leaves_nothing() {
    for begin in [&b""[..], NAMES] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(["import", "-", "--db", "a.sqlite"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(begin).unwrap();
        thread::sleep(Duration::from_millis(700));
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        let has_ended = (0..1200).any(|_| {
            thread::sleep(Duration::from_millis(50));
            child.try_wait().unwrap().is_some()
        });
        child.kill().unwrap();
        assert!(has_ended, "it waits on");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(input);
    }
}

#[test]
fn workbooks_that_would_fill_memory_are_refused() {
    let exports =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/f22_azure_data_studio_xlsx");
    for (name, why) in [
        ("sparse_bomb.xlsx", "2000 columns are read"),
        ("ratio_bomb.xlsx", "unpack"),
        ("entities.xlsx", "entit"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(exports.join(name), folder.path().join(name)).unwrap();
        let args = ["import", name, "--db", "a.sqlite"];
        let output = limited(folder.path(), SPACE, &args, |_| Ok(()));
        let said = text(&output.stderr);
        assert!(said.starts_with("error: ") && said.contains(why), "{name}: {said}");
        assert_eq!(output.status.code(), Some(3), "{name}: {said}");
        assert!(!folder.path().join("a.sqlite").exists(), "{name}");
    }
}

#[test]
fn the_address_space_is_limited_indeed() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["import", "-", "--db", "a.sqlite"];
    // A field as long as the limit allows does not fit into half of the space, and fits into all of it.
    let feed = |out: &mut dyn Write| {
        out.write_all(NAMES)?;
        out.write_all(b"1,a,\"")?;
        out.write_all(&vec![b'a'; 15 << 20])?;
        out.write_all(b"\"\n")
    };
    let output = limited(folder.path(), SPACE / 2, &args, feed);
    assert_ne!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = limited(folder.path(), SPACE * 4, &args, feed);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// A zip archive of parts that are not packed.
pub fn stored_zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        let size = u32::try_from(text.len()).unwrap().to_le_bytes();
        let name_size = u16::try_from(name.len()).unwrap().to_le_bytes();
        // Version, flags, method, time, date, checksum, size packed and unpacked, lengths of name and extra field.
        let mut about = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        about.extend(crc.sum().to_le_bytes());
        about.extend([size, size].concat());
        about.extend(name_size);
        about.extend([0, 0]);
        let at = u32::try_from(zip.len()).unwrap().to_le_bytes();
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&about);
        directory.extend([0; 10]);
        directory.extend(at);
        directory.extend(name.as_bytes());
        zip.extend(b"PK\x03\x04");
        zip.extend(about);
        zip.extend(name.as_bytes());
        zip.extend(text.as_bytes());
    }
    let at = u32::try_from(zip.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let count = u16::try_from(parts.len()).unwrap().to_le_bytes();
    zip.extend(directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([count, count].concat());
    zip.extend([size, at].concat());
    zip.extend([0, 0]);
    zip
}

#[test]
fn memory_is_not_asked_for_by_what_a_workbook_claims() {
    let workbook = |claimed: u64| {
        stored_zip(&[
            ("xl/workbook.xml", "<workbook/>"),
            (
                "xl/sharedStrings.xml",
                &format!("<sst uniqueCount=\"{claimed}\"><si><t>a</t></si></sst>"),
            ),
        ])
    };
    let outcome = |bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.xlsx"), bytes).unwrap();
        let args = ["import", "a.xlsx", "--db", "a.sqlite"];
        let output = limited(folder.path(), SPACE, &args, |_| Ok(()));
        (output.status.code(), text(&output.stderr).to_owned())
    };
    for claimed in [4_294_967_295, 1000] {
        let (code, stderr) = outcome(&workbook(claimed));
        assert_eq!(code, Some(3), "{stderr}");
        assert!(stderr.contains(" strings, but has room for at most "), "{stderr}");
    }
    // What it has room for is not what it is refused for.
    let (_, stderr) = outcome(&workbook(1));
    assert!(!stderr.contains("room for"), "{stderr}");
}

#[test]
fn an_entry_of_an_archive_is_loaded_only_if_it_matches_its_checksum() {
    let csv = "activity_id,activity_status\n88101,5000\n";
    let load = |name: &str, altered: bool| {
        let folder = tempfile::tempdir().unwrap();
        let mut zip = stored_zip(&[(name, csv)]);
        if altered {
            let at = memchr::memmem::find(&zip, b"88101").expect("the row");
            zip[at..at + 5].copy_from_slice(b"88999");
        }
        fs::write(folder.path().join("a.zip"), zip).unwrap();
        let args = ["import", "a.zip", "--db", "a.sqlite"];
        let output = limited(folder.path(), SPACE, &args, |_| Ok(()));
        let loaded = text(&output.stdout).contains(": 1 record");
        (output.status.code(), loaded, text(&output.stderr).to_owned())
    };
    // Programs on Windows write backslashes between folders, and others `./` before each name.
    for name in ["activity.csv", "./activity.csv", r"export\activity.csv", "export/activity.csv"] {
        let (code, loaded, stderr) = load(name, false);
        assert_eq!((code, loaded), (Some(0), true), "{name}: {stderr}");
        let (code, loaded, stderr) = load(name, true);
        // As with a damaged gzip file.
        assert_eq!((code, loaded), (Some(4), false), "{name}: {stderr}");
        assert!(stderr.contains("does not match its checksum in the archive"), "{name}: {stderr}");
    }
}

#[test]
fn an_archive_whose_entries_overlap_or_are_locked_is_refused_and_names_that_lead_out_are_told() {
    let csv = "activity_id,activity_status\n88101,5000\n";
    let load = |zip: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.zip"), zip).unwrap();
        let args = ["import", "a.zip", "--db", "a.sqlite"];
        let output = limited(folder.path(), SPACE, &args, |_| Ok(()));
        (output.status.code(), text(&output.stderr).to_owned())
    };
    let zip = stored_zip(&[("activity.csv", csv), ("b.csv", csv)]);
    let listed: Vec<usize> = memchr::memmem::find_iter(&zip, b"PK\x01\x02").collect();
    assert_eq!((listed.len(), load(&zip).0), (2, Some(0)));
    let mut overlapping = zip.clone();
    overlapping[listed[1] + 42..listed[1] + 46].fill(0);
    let (code, said) = load(&overlapping);
    assert!(code != Some(0) && said.contains("entries of the archive overlap"), "{code:?} {said}");
    let mut locked = zip.clone();
    locked[listed[0] + 8] |= 1;
    let (code, said) = load(&locked);
    let expect = "`activity.csv` needs a password: unpack the archive first";
    assert!(code != Some(0) && said.contains(expect), "{code:?} {said}");
    for name in ["../activity.csv", "/activity.csv", r"C:\activity.csv", "C:/activity.csv"] {
        let (code, said) = load(&stored_zip(&[(name, csv), ("b.csv", csv)]));
        let expect = "the name leads out of the archive";
        assert!(code == Some(0) && said.contains(expect), "{name}: {code:?} {said}");
    }
}
