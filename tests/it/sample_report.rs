//! Reports made by hand: one of each thing that a report can say.

use chatdb::diagnostic::Place;
use chatdb::report::{
    BasisRun, CellRun, CellVerdict, ChangedRows, CheckRun, CheckVerdict, Comparison,
    ExpectationOrigin, NamedComparison, ObservationRun, ObservationVerdict, ParameterRun, Report,
    RestsOn, RowRun, RowVerdict, RunVerdict, SCHEMA, ScenarioRun, StepRun,
};
use chatdb::scenario::{Erratum, ErratumKind};
use chatdb::table::{Cell, Column, Kind, parse_timestamp};

pub fn report(runs: Vec<ScenarioRun>) -> Report {
    Report {
        analysis: None,
        schema: SCHEMA,
        program: String::from("chatdb 0.1.0"),
        runs,
        comparisons: Vec::new(),
        validated: Vec::new(),
        listings: Vec::new(),
    }
}

pub fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

pub fn place(file: &str, line: u32) -> Place {
    Place { file: format!("seeds/services_failure/{file}"), line }
}

/// A cell that came back as printed.
pub fn same(column: &str, value: Cell) -> CellRun {
    CellRun {
        column: column.to_owned(),
        printed: Some(value.to_string()),
        expected: Some(value.clone()),
        actual: Some(value),
        verdict: CellVerdict::Matches,
        erratum: None,
        reason: None,
    }
}

/// A cell that came back as something else.
pub fn differs(column: &str, expected: Cell, actual: Cell) -> CellRun {
    CellRun { actual: Some(actual), verdict: CellVerdict::Differs, ..same(column, expected) }
}

/// A cell that is printed wrong and came back as the erratum reads it.
pub fn by_erratum(column: &str, printed: &str, value: Cell, erratum: &str) -> CellRun {
    CellRun {
        printed: Some(printed.to_owned()),
        verdict: CellVerdict::MatchesByErratum,
        erratum: Some(erratum.to_owned()),
        ..same(column, value)
    }
}

pub fn missing(column: &str, value: Cell) -> CellRun {
    CellRun { actual: None, verdict: CellVerdict::Missing, ..same(column, value) }
}

pub fn extra(column: &str, value: Cell) -> CellRun {
    CellRun { printed: None, expected: None, verdict: CellVerdict::Extra, ..same(column, value) }
}

pub fn row(key: Vec<Cell>, verdict: RowVerdict, line: u32, cells: Vec<CellRun>) -> RowRun {
    RowRun {
        key,
        verdict,
        source_line: Some(line).filter(|_| verdict != RowVerdict::Extra),
        file_line: Some(3).filter(|_| verdict != RowVerdict::Extra),
        cells,
    }
}

pub fn comparison(key: &[&str], columns: &[(&str, Kind)], rows: Vec<RowRun>) -> Comparison {
    let columns: Vec<Column> =
        (columns.iter()).map(|(name, kind)| Column::new(*name, *kind)).collect();
    Comparison {
        same: rows.iter().all(|row| row.verdict == RowVerdict::Matches),
        key: key.iter().map(ToString::to_string).collect(),
        expected_columns: columns.clone(),
        actual_columns: columns,
        header: Vec::new(),
        rows,
        left_out: 0,
        taken_over: 0,
        remarks: Vec::new(),
    }
}

const OPEN_CHATS: [(&str, Kind); 10] = [
    ("contact_point_data", Kind::Text),
    ("queue_name", Kind::Text),
    ("activity_id", Kind::Integer),
    ("activity_status", Kind::Integer),
    ("activity_sub_status", Kind::Integer),
    ("login_ip", Kind::Text),
    ("assigned_to", Kind::Integer),
    ("when_created", Kind::Timestamp),
    ("user_name", Kind::Text),
    ("screen_name", Kind::Text),
];

fn created() -> Cell {
    Cell::Timestamp(parse_timestamp("2011-07-12 14:49:55.000").expect("a time"))
}

/// The first four cells of the printed row are for the caller to say; the others are the same.
fn chat(first: [CellRun; 5]) -> Vec<CellRun> {
    let rest = [
        same("login_ip", text("43app")),
        same("assigned_to", Cell::Integer(1003)),
        same("when_created", created()),
        same("user_name", text("DMarino")),
        same("screen_name", text("DMarino")),
    ];
    first.into_iter().chain(rest).collect()
}

pub fn check(id: &str, title: &str, origin: ExpectationOrigin, lines: &str) -> CheckRun {
    CheckRun {
        id: id.to_owned(),
        query: id.to_owned(),
        title: title.to_owned(),
        basis: BasisRun {
            origin,
            lines: Some(lines).filter(|l| !l.is_empty()).map(|l| l.parse().expect("lines")),
            because: None,
        },
        expected_at: place(&format!("20_{id}.md"), 1),
        place: place("scenario.toml", 41),
        observes: Vec::new(),
        verdict: CheckVerdict::Matches,
        rests_on: RestsOn::Documented,
        interpretations: Some(Vec::new()),
        lab_rules: Vec::new(),
        comparison: None,
        problem: None,
        reproduce: String::from("chatdb replay services_failure --until 20"),
        sql: None,
        actual: None,
    }
}

pub fn step(id: &str, at: &str, title: &str, checks: Vec<CheckRun>) -> StepRun {
    StepRun {
        id: id.to_owned(),
        at: at.to_owned(),
        time: created(),
        title: title.to_owned(),
        script: Some(format!("seeds/services_failure/{id}_step.sql")),
        branch: None,
        changes: Some(ChangedRows { expected: Some(1), actual: 1 }),
        problem: None,
        skipped: false,
        place: place("scenario.toml", 30),
        checks,
    }
}

/// The first printed table: a row number stands in its first cell.
pub fn open_chats() -> CheckRun {
    let cells = chat([
        by_erratum(
            "contact_point_data",
            "1 customer@awesome.com",
            text("customer@awesome.com"),
            "E1",
        ),
        same("queue_name", text("CIM_WIM")),
        same("activity_id", Cell::Integer(1347)),
        same("activity_status", Cell::Integer(5000)),
        same("activity_sub_status", Cell::Integer(5900)),
    ]);
    let rows = vec![row(vec![Cell::Integer(1347)], RowVerdict::Matches, 72, cells)];
    CheckRun {
        comparison: Some(comparison(&["activity_id"], &OPEN_CHATS, rows)),
        observes: vec![String::from("SF2")],
        ..check(
            "open_chats",
            "Open chats with queue and agent",
            ExpectationOrigin::Printed,
            "70-72",
        )
    }
}

/// The second printed table, reproduced, with its own misprint.
pub fn completed_chat() -> CheckRun {
    let cells = chat([
        same("contact_point_data", text("customer@awesome.com")),
        by_erratum("queue_name", "CIM_w/M", text("CIM_WIM"), "E2"),
        same("activity_id", Cell::Integer(1347)),
        same("activity_status", Cell::Integer(9000)),
        same("activity_sub_status", Cell::Integer(9100)),
    ]);
    let rows = vec![row(vec![Cell::Integer(1347)], RowVerdict::Matches, 88, cells)];
    CheckRun {
        comparison: Some(comparison(&["activity_id"], &OPEN_CHATS, rows)),
        observes: vec![String::from("SF3")],
        ..check("chat_by_id", "One chat with queue and agent", ExpectationOrigin::Printed, "86-88")
    }
}

fn console() -> CheckRun {
    let line = |t: &str, verdict, cells: Vec<CellRun>| row(vec![text(t)], verdict, 57, cells);
    let rows = vec![line("sent", RowVerdict::Matches, vec![same("said", text("Hello"))])];
    CheckRun {
        comparison: Some(comparison(&["said"], &[("said", Kind::Text)], rows)),
        observes: vec![String::from("SF1")],
        rests_on: RestsOn::Extrapolated,
        ..check(
            "exchanged",
            "What agent and customer can say to each other",
            ExpectationOrigin::Stated,
            "57",
        )
    }
}

fn transcript(differs_too: bool) -> CheckRun {
    let line = |verdict, cell: CellRun| row(Vec::new(), verdict, 143, vec![cell]);
    let mut rows = vec![
        line(RowVerdict::Matches, same("line", text("Customer : Help me!"))),
        line(RowVerdict::Matches, same("line", text("[An agent will be with you shortly.]"))),
        line(
            RowVerdict::Matches,
            same("line", text("[Some of the above messages may not have been delivered.]")),
        ),
    ];
    if differs_too {
        rows.push(line(
            RowVerdict::Differs,
            differs("line", text("JDoe : Hello"), text("JDoe : Hello?")),
        ));
        rows.push(line(RowVerdict::Missing, missing("line", text("JDoe : Are you there?"))));
    }
    let verdict = if differs_too { CheckVerdict::Differs } else { CheckVerdict::Matches };
    CheckRun {
        comparison: Some(comparison(&[], &[("line", Kind::Text)], rows)),
        verdict,
        ..check(
            if differs_too { "transcript_later" } else { "transcript" },
            "Customer's transcript",
            ExpectationOrigin::Printed,
            "141-146",
        )
    }
}

/// Look-alikes, a misprint that differs all the same, a row that is missing and one too many.
fn differing() -> CheckRun {
    let key = |id: i64| vec![Cell::Integer(id)];
    let cells = chat([
        same("contact_point_data", text("customer@awesome.com")),
        CellRun {
            printed: Some(String::from("CIM_w/M")),
            erratum: Some(String::from("E2")),
            ..differs("queue_name", text("CIM_WIM"), text("CIM_VMM"))
        },
        same("activity_id", Cell::Integer(1347)),
        differs("activity_status", text("5000"), Cell::Integer(5000)),
        differs("activity_sub_status", Cell::Null, text("NULL")),
    ]);
    let whole = |of: fn(&str, Cell) -> CellRun, id: i64| {
        let values = [
            text("a@b.c"),
            text("CIM_WIM"),
            Cell::Integer(id),
            Cell::Integer(5000),
            Cell::Null,
            text(""),
            Cell::Integer(1003),
            created(),
            text("NULL"),
            text("DMarino"),
        ];
        let names = OPEN_CHATS.iter().map(|(name, _)| *name);
        names.zip(values).map(|(name, value)| of(name, value)).collect()
    };
    let rows = vec![
        row(key(1347), RowVerdict::Differs, 88, cells),
        row(key(1264), RowVerdict::Missing, 89, whole(missing, 1264)),
        row(key(2001), RowVerdict::Extra, 0, whole(extra, 2001)),
    ];
    let mut compared = comparison(&["activity_id"], &OPEN_CHATS, rows);
    compared
        .remarks
        .push(String::from("the key activity_id=1347 occurs twice in the actual table"));
    CheckRun {
        comparison: Some(compared),
        verdict: CheckVerdict::Differs,
        observes: vec![String::from("SF3")],
        ..check("chat_by_id", "One chat with queue and agent", ExpectationOrigin::Printed, "86-88")
    }
}

fn failed() -> CheckRun {
    CheckRun {
        verdict: CheckVerdict::Failed,
        problem: Some(String::from(
            "reports/reply_pane.sql:4: no such column: activity_idd; did you mean `activity_id`?",
        )),
        ..check("reply_pane", "The reply pane and its buttons", ExpectationOrigin::Stated, "92-104")
    }
}

fn derived() -> CheckRun {
    CheckRun {
        comparison: Some(comparison(&["activity_id"], &OPEN_CHATS, Vec::new())),
        basis: BasisRun {
            origin: ExpectationOrigin::Derived,
            lines: None,
            because: Some(String::from(
                "the query asks for chats that are not completed, and this one is",
            )),
        },
        ..check("none_open", "Open chats after completion", ExpectationOrigin::Derived, "")
    }
}

fn observation(id: &str, lines: &str, says: &str, verdict: ObservationVerdict) -> ObservationRun {
    ObservationRun {
        id: id.to_owned(),
        lines: lines.parse().expect("lines"),
        says: says.to_owned(),
        checks: vec![String::from("open_chats")],
        verdict,
        origin: Some(ExpectationOrigin::Printed),
    }
}

pub fn errata() -> Vec<Erratum> {
    vec![
        Erratum {
            id: String::from("E1"),
            file: String::from("10_open_chats.md"),
            cell: Some((1, String::from("contact_point_data"))),
            printed: String::from("1 customer@awesome.com"),
            reading: Some(String::from("customer@awesome.com")),
            kind: ErratumKind::RowNumber,
            evidence: String::from("the second table has the row number in a column of its own"),
            place: place("scenario.toml", 90),
        },
        Erratum {
            id: String::from("E2"),
            file: String::from("20_chat_by_id.md"),
            cell: Some((1, String::from("queue_name"))),
            printed: String::from("CIM_w/M"),
            reading: Some(String::from("CIM_WIM")),
            kind: ErratumKind::Ocr,
            evidence: String::from("the first table prints the queue of the same chat"),
            place: place("scenario.toml", 97),
        },
    ]
}

fn run(verdict: RunVerdict, steps: Vec<StepRun>) -> ScenarioRun {
    let done = ObservationVerdict::Reproduced;
    ScenarioRun {
        scenario: String::from("services_failure"),
        title: String::from("The Services server fails while a chat is open"),
        section: Some(String::from("Services Server Failure")),
        lines: Some("55-109".parse().expect("lines")),
        continues: Some(String::from("baseline")),
        parameters: vec![ParameterRun {
            name: String::from("activity_id"),
            value: Cell::Integer(1347),
            instead_of: None,
        }],
        verdict,
        problem: None,
        reproduce: String::from("chatdb replay services_failure"),
        steps,
        observations: vec![
            observation("SF1", "57", "agent and customer can still talk to each other", done),
            observation("SF2", "57, 70-72", "the chat is in progress in the database", done),
        ],
        errata: errata(),
        notes: Some(String::from(
            "The document does not say how long the server is away; nine minutes are taken.\n\n\
             The print of the query is cut at `c.l`; the rest follows the headings.",
        )),
        timeline: None,
    }
}

/// All is well.
pub fn reproduced() -> ScenarioRun {
    let mut passing = step("30", "+00:10:00", "Ten minutes have passed", vec![derived()]);
    passing.script = None;
    passing.changes = None;
    run(
        RunVerdict::Reproduced,
        vec![
            step("05", "+00:04:00", "The customer writes", Vec::new()),
            step(
                "10",
                "+00:05:00",
                "The Services server stops",
                vec![console(), open_chats(), transcript(false)],
            ),
            step("20", "+00:09:00", "The agent completes the chat", vec![completed_chat()]),
            passing,
        ],
    )
}

/// Everything that can go wrong in a run.
pub fn broken() -> ScenarioRun {
    let mut completes = step(
        "20",
        "+00:09:00",
        "The agent completes the chat",
        vec![differing(), transcript(true), failed()],
    );
    completes.changes = Some(ChangedRows { expected: Some(1), actual: 0 });
    let mut later = step("30", "+00:10:00", "The server returns at once", vec![derived()]);
    later.branch = Some(String::from("quick_return"));
    let mut run = run(
        RunVerdict::Differs,
        vec![
            step("10", "+00:05:00", "The Services server stops", vec![open_chats(), console()]),
            completes,
            later,
        ],
    );
    run.parameters[0].value = Cell::Integer(2001);
    run.parameters[0].instead_of = Some(Cell::Integer(1347));
    run.observations.push(observation(
        "SF3",
        "74, 86-88",
        "the agent completes the chat; the database shows it as completed",
        ObservationVerdict::Differs,
    ));
    run.observations.push(observation(
        "SF4",
        "90-104",
        "the agent cannot handle another activity: the buttons of the reply are grey",
        ObservationVerdict::NotCovered,
    ));
    run
}

/// A precondition failed.
pub fn not_run() -> ScenarioRun {
    ScenarioRun {
        scenario: String::from("services_restored"),
        title: String::from("The Services server is back"),
        section: Some(String::from("Services Server Restored")),
        lines: Some("110-127".parse().expect("lines")),
        continues: Some(String::from("services_failure")),
        problem: Some(String::from(
            "`services_failure`, which it continues, did not hold: check `services_failure/chat_by_id` differs",
        )),
        parameters: Vec::new(),
        observations: Vec::new(),
        errata: Vec::new(),
        notes: None,
        ..run(RunVerdict::NotRun, Vec::new())
    }
}

/// Two files compared, which differ by `differs`.
pub fn two_files(differ: bool) -> Report {
    let columns = [("id", Kind::Integer), ("name", Kind::Text)];
    let line = |id, verdict, name| {
        let cells = vec![same("id", Cell::Integer(id)), name];
        row(vec![Cell::Integer(id)], verdict, 0, cells)
    };
    let mut rows = vec![line(1, RowVerdict::Matches, same("name", text("Ann")))];
    if differ {
        rows.push(line(2, RowVerdict::Differs, differs("name", text("Bob"), text("Bоb "))));
        rows.push(line(3, RowVerdict::Differs, differs("name", text("Cem"), Cell::Null)));
        rows.push(row(
            vec![Cell::Integer(4)],
            RowVerdict::Missing,
            0,
            vec![missing("id", Cell::Integer(4)), missing("name", text("Dora"))],
        ));
    }
    let mut comparison = comparison(&["id"], &columns, rows);
    if differ {
        comparison.header.push(String::from("column `nickname` is in the actual table only"));
    }
    Report {
        comparisons: vec![NamedComparison {
            expected: String::from("expected.csv"),
            actual: String::from("actual.csv"),
            comparison,
        }],
        ..report(Vec::new())
    }
}

/// `broken`, with `hostile` in every field that takes text.
pub fn hostile(hostile: &str) -> Report {
    let evil = || hostile.to_owned();
    let mut run = broken();
    run.scenario = evil();
    run.title = evil();
    run.section = Some(evil());
    run.continues = Some(evil());
    run.problem = Some(evil());
    run.notes = Some(evil());
    for parameter in &mut run.parameters {
        parameter.name = evil();
        parameter.value = text(hostile);
        parameter.instead_of = Some(text(hostile));
    }
    for erratum in &mut run.errata {
        erratum.file = evil();
        erratum.cell = Some((1, evil()));
        erratum.printed = evil();
        erratum.reading = Some(evil());
        erratum.evidence = evil();
        erratum.place.file = evil();
    }
    for observation in &mut run.observations {
        observation.id = evil();
        observation.says = evil();
        observation.checks = vec![evil()];
    }
    for step in &mut run.steps {
        step.id = evil();
        step.at = evil();
        step.title = evil();
        step.script = Some(evil());
        step.branch = Some(evil());
        step.problem = Some(evil());
        step.place.file = evil();
        for check in &mut step.checks {
            check.id = evil();
            check.query = evil();
            check.title = evil();
            check.basis.because = Some(evil());
            check.expected_at.file = evil();
            check.place.file = evil();
            check.observes = vec![evil()];
            check.problem = Some(evil());
            check.reproduce = evil();
            if let Some(comparison) = &mut check.comparison {
                poison(comparison, hostile);
            }
        }
    }
    let mut two = two_files(true);
    two.comparisons[0].expected = evil();
    two.comparisons[0].actual = evil();
    poison(&mut two.comparisons[0].comparison, hostile);
    Report { program: evil(), comparisons: two.comparisons, ..report(vec![run]) }
}

fn poison(comparison: &mut Comparison, hostile: &str) {
    let evil = || hostile.to_owned();
    comparison.key.fill(evil());
    comparison.header.push(evil());
    comparison.remarks.push(evil());
    let columns = &mut comparison.expected_columns;
    for column in columns.iter_mut().chain(&mut comparison.actual_columns) {
        column.name = evil();
    }
    for row in &mut comparison.rows {
        row.key.fill(text(hostile));
        for cell in &mut row.cells {
            cell.column = evil();
            cell.printed = Some(evil());
            cell.erratum = cell.erratum.as_ref().map(|_| evil());
            cell.reason = Some(evil());
            cell.expected = cell.expected.as_ref().map(|_| text(hostile));
            cell.actual = cell.actual.as_ref().map(|_| text(&format!("{hostile}{hostile}")));
        }
    }
}
