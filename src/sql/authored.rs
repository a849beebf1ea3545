//! What the author of a query wrote or has computed, and which columns of tables the values of an answer come from.
//!
//! A value that counts, measures or chooses among literals names nobody of the rows; one that comes from a column names
//! whom the column names, whatever it is called in the answer. Where it cannot be known where a value comes from, it
//! comes from every column that it could.

mod sources;
mod values;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sqlparser::ast::{
    AlterTableOperation, AssignmentTarget, BinaryOperator, DataType, Declare, DeclareAssignment,
    Expr, FromTable, Insert, ObjectName, OutputClause, Query, SelectItem, Set, SetExpr, Statement,
    TableObject, TableWithJoins, UpdateTableFromKind,
};
use sqlparser::dialect::SQLiteDialect;
use sqlparser::parser::Parser;

use super::{TokenKind, Tokens, tsql};
use sources::{Source, all};

/// How often the statements and the recursive queries of a text are followed again. Beyond it, it counts as unread.
const MAX_ROUNDS: usize = 100;

/// What of a query's answer is its author's own, and what comes of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authored {
    /// Texts that the query writes where a value of its answer comes from.
    pub texts: HashSet<String>,
    /// Names and quoted names in the query, in lower case.
    pub names: HashSet<String>,
    /// The columns of each answer.
    pub answers: Vec<ComputedColumns>,
    /// Whether an IF or a WHILE decides which queries answer, and how often.
    pub is_branched: bool,
    /// Whether the text could not be read, so that a value may come from any column that it names.
    pub is_unread: bool,
}

impl Authored {
    /// Whether a text is made of words of the query alone, as the heading is of a column without a name.
    #[must_use]
    pub fn writes(&self, heading: &str) -> bool {
        let mut words = heading
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty() && word.parse::<f64>().is_err())
            .peekable();
        words.peek().is_some() && words.all(|word| self.names.contains(&word.to_lowercase()))
    }
}

/// Names of columns of tables, in lower case.
pub type ColumnNames = BTreeSet<String>;

/// A column of a query, or any number of unknown ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Computed {
    /// Its name; empty where it has none.
    pub name: String,
    /// Whether it only counts, measures or chooses among literals.
    pub is_computed: bool,
    /// The columns that its values come from, beside one of its own name where there may be any number.
    pub from: ColumnNames,
    /// Whether it stands for any number of columns of other names.
    pub is_many: bool,
}

impl Computed {
    /// Its values may also be those of another column.
    fn take_in(&mut self, other: &Self) {
        self.is_computed &= other.is_computed;
        self.from.extend(other.from.iter().cloned());
    }
}

/// The columns of a query from the left.
pub type ComputedColumns = Vec<Computed>;

/// Any number of unknown columns, whose values come from columns of their names and from those of `from`.
fn many(from: ColumnNames) -> ComputedColumns {
    vec![Computed { from, is_many: true, ..Computed::default() }]
}

/// Reads a query in T-SQL, or in SQLite's SQL. Of what cannot be read nothing is the author's.
#[must_use]
pub fn authored(text: &str, is_tsql: bool) -> Authored {
    let statements = match is_tsql {
        true => tsql::statements(text).ok(),
        false => Parser::parse_sql(&SQLiteDialect {}, text).ok(),
    };
    let is_unread = statements.is_none();
    let statements = statements.unwrap_or_default();
    let mut author = Author::default();
    let mut answers;
    // What a loop puts into a table or a variable is read by statements before it.
    loop {
        let before = (author.tables.clone(), author.variables.clone());
        answers = author.answers(&statements);
        let is_settled = before.0 == author.tables && before.1 == author.variables;
        if is_settled || !author.may_repeat() {
            break;
        }
    }
    let is_unread = is_unread || author.rounds > MAX_ROUNDS;
    if is_unread {
        answers.clear();
    }
    Authored {
        answers,
        texts: author.texts,
        names: names(text),
        is_branched: is_tsql && is_branched(text),
        is_unread,
    }
}

fn names(text: &str) -> HashSet<String> {
    let named =
        |kind: &TokenKind| matches!(kind, TokenKind::Word | TokenKind::Name | TokenKind::Literal);
    Tokens::new(text)
        .map_while(Result::ok)
        .filter(|token| named(&token.kind))
        .map(|token| token.text.trim_matches(['"', '[', ']', '`', '\'']).to_lowercase())
        .collect()
}

/// Whether a text has an IF, beside that of `DROP TABLE IF EXISTS`, or a WHILE.
fn is_branched(text: &str) -> bool {
    let words = Tokens::new(text).map_while(Result::ok);
    let mut words = words.filter(|token| token.kind == TokenKind::Word);
    let mut before = "";
    words.any(|word| {
        let is_of_drop = before.eq_ignore_ascii_case("TABLE");
        before = word.text;
        word.text.eq_ignore_ascii_case("WHILE")
            || word.text.eq_ignore_ascii_case("IF") && !is_of_drop
    })
}

/// Follows values through the statements of a text.
#[derive(Default)]
struct Author {
    texts: HashSet<String>,
    /// Temporary tables and table variables.
    tables: BTreeMap<String, ComputedColumns>,
    /// What the values of variables come from.
    variables: BTreeMap<String, ColumnNames>,
    /// The queries that WITH names around the place, and their columns.
    ctes: Vec<(String, ComputedColumns)>,
    /// What FROM has at the place, and around it.
    scopes: Vec<Vec<Source>>,
    /// How often something has been followed again.
    rounds: usize,
}

impl Author {
    /// Whether something may be followed again, which counts.
    fn may_repeat(&mut self) -> bool {
        self.rounds += 1;
        self.rounds <= MAX_ROUNDS
    }

    fn answers(&mut self, statements: &[Statement]) -> Vec<ComputedColumns> {
        let answers = statements.iter().map(|statement| self.statement(statement));
        answers.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    /// The columns of a statement's answer, where it has one.
    fn statement(&mut self, statement: &Statement) -> Option<ComputedColumns> {
        match statement {
            Statement::Query(query) => return self.shown(query),
            Statement::Declare { stmts } => stmts.iter().for_each(|one| self.declaration(one)),
            Statement::Set(Set::SingleAssignment { variable, values, .. }) => {
                let from = values.iter().flat_map(|value| self.value(value).from).collect();
                self.assign(&variable.to_string(), from);
            }
            Statement::CreateTable(create) => {
                let columns = create.columns.iter().map(|column| column.name.value.as_str());
                self.declare_table(&last_of(&create.name), columns);
            }
            Statement::AlterTable(alter) => {
                let added = alter.operations.iter().filter_map(|operation| match operation {
                    AlterTableOperation::AddColumn { column_def, .. } => {
                        Some(column_def.name.value.as_str())
                    }
                    _ => None,
                });
                self.hold(&last_of(&alter.name), added.map(declared).collect());
            }
            Statement::Insert(insert) => return self.insert(insert),
            Statement::Update(_) | Statement::Delete(_) => return self.change(statement),
            _ => {}
        }
        None
    }

    /// A query whose rows are shown, unless they go into a table or variables.
    fn shown(&mut self, query: &Query) -> Option<ComputedColumns> {
        if let SetExpr::Update(change) | SetExpr::Delete(change) = query.body.as_ref() {
            let before = self.with(query);
            let answer = self.change(change);
            self.ctes.truncate(before);
            return answer;
        }
        let columns = self.query(query);
        let SetExpr::Select(select) = query.body.as_ref() else {
            return Some(columns);
        };
        if let Some(into) = &select.into {
            for target in &into.targets {
                self.hold(&target.to_string().to_lowercase(), columns.clone());
            }
            return None;
        }
        let variables: Vec<String> = select.projection.iter().filter_map(assigned).collect();
        if variables.is_empty() {
            return Some(columns);
        }
        for (variable, column) in variables.iter().zip(columns) {
            self.assign(variable, column.from);
        }
        None
    }

    fn declaration(&mut self, declare: &Declare) {
        for name in &declare.names {
            if let Some(DataType::Table(columns)) = &declare.data_type {
                let columns = columns.iter().flatten();
                let columns = columns.map(|column| column.name.value.as_str());
                self.declare_table(&name.value.to_lowercase(), columns);
            }
            if let Some(DeclareAssignment::MsSqlAssignment(value)) = &declare.assignment {
                let from = self.value(value).from;
                self.assign(&name.value, from);
            }
        }
    }

    fn declare_table<'n>(&mut self, name: &str, columns: impl Iterator<Item = &'n str>) {
        self.hold(name, columns.map(declared).collect());
    }

    /// A temporary table has these columns, beside those that it had when it was made before.
    fn hold(&mut self, name: &str, columns: ComputedColumns) {
        let Some(known) = self.tables.get_mut(name) else {
            self.tables.insert(name.to_owned(), columns);
            return;
        };
        for column in columns {
            let is_it = |one: &&mut Computed| {
                one.is_many == column.is_many && one.name.eq_ignore_ascii_case(&column.name)
            };
            match known.iter_mut().find(is_it) {
                Some(one) => one.take_in(&column),
                None => known.push(column),
            }
        }
    }

    fn assign(&mut self, variable: &str, from: ColumnNames) {
        let known = self.variables.entry(variable.to_lowercase()).or_default();
        known.extend(from);
    }

    fn insert(&mut self, insert: &Insert) -> Option<ComputedColumns> {
        let rows = insert.source.as_ref().map(|source| self.query(source));
        let rows = rows.unwrap_or_default();
        let TableObject::TableName(name) = &insert.table else {
            return None;
        };
        let name = last_of(name);
        let names: Vec<String> = insert.columns.iter().map(last_of).collect();
        self.put(&name, &names, &rows);
        let clause = insert.output.as_ref()?;
        let known = self.tables.get(&name).cloned();
        let known = known.unwrap_or_else(|| many(all(&rows)));
        self.put_out(clause, vec![Source::new("inserted", known)])
    }

    /// Puts the values of rows into the columns `names` of a temporary table, or into all.
    fn put(&mut self, table: &str, names: &[String], rows: &[Computed]) {
        let Some(known) = self.tables.get_mut(table) else {
            return;
        };
        let apart = rows.iter().all(|column| !column.is_many);
        let whole = Computed {
            is_computed: rows.iter().all(|row| row.is_computed),
            from: all(rows),
            ..Computed::default()
        };
        let is_named = |column: &Computed| {
            names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case(&column.name))
        };
        let mut places = rows.iter();
        // Columns that number rows take no value: where the counts differ, any value may be in any column.
        let in_order = apart && (names.is_empty() && rows.len() == known.len());
        for column in known.iter_mut().filter(|column| is_named(column)) {
            let place = names.iter().position(|name| name.eq_ignore_ascii_case(&column.name));
            let value = match (place, in_order) {
                (Some(at), _) if apart => rows.get(at),
                (_, true) => places.next(),
                _ => Some(&whole),
            };
            column.take_in(value.unwrap_or(&whole));
        }
    }

    /// An UPDATE or DELETE: what it puts out, and what it sets in a temporary table.
    fn change(&mut self, statement: &Statement) -> Option<ComputedColumns> {
        let none: &[TableWithJoins] = &[];
        let (target, sources, set, output) = match statement {
            Statement::Update(update) => {
                let sources = match &update.from {
                    Some(
                        UpdateTableFromKind::AfterSet(sources)
                        | UpdateTableFromKind::BeforeSet(sources),
                    ) => sources,
                    None => none,
                };
                let target = update.table.relation.to_string();
                (target, sources, &update.assignments[..], &update.output)
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                let target = match (delete.tables.first(), from.first()) {
                    (Some(target), _) => target.to_string(),
                    (None, Some(first)) => first.relation.to_string(),
                    (None, None) => return None,
                };
                (target, from.as_slice(), &[][..], &delete.output)
            }
            _ => return None,
        };
        let target = target.to_lowercase();
        let own = self.named(&target);
        let mut found = self.from(sources);
        found.push(Source::new(&target, own.clone()));
        self.scopes.push(found);
        for one in set {
            let value = self.value(&one.value);
            if let AssignmentTarget::ColumnName(name) = &one.target {
                self.set_column(&last_of(name), &value);
            }
        }
        let mut found = self.scopes.pop().unwrap_or_default();
        let clause = output.as_ref()?;
        // Through an alias or a query, any temporary table may be the one that is changed.
        let changed = found.iter().map(|source| all(&source.known));
        let changed = changed.chain(self.tables.values().map(|table| all(table)));
        let after = self.tables.get(&target).cloned();
        let after = after.unwrap_or_else(|| many(changed.flatten().collect()));
        for name in ["inserted", "deleted"] {
            found.push(Source::new(name, after.clone()));
        }
        self.put_out(clause, found)
    }

    /// A column is set, of whichever temporary table has it.
    fn set_column(&mut self, name: &str, value: &Computed) {
        for column in self.tables.values_mut().flatten() {
            if column.is_many || column.name.eq_ignore_ascii_case(name) {
                column.take_in(value);
            }
        }
    }

    fn put_out(&mut self, clause: &OutputClause, found: Vec<Source>) -> Option<ComputedColumns> {
        let OutputClause::Output { select_items, into_table, .. } = clause else {
            return Some(many(found.iter().flat_map(|source| all(&source.known)).collect()));
        };
        self.scopes.push(found);
        let items = select_items.iter();
        let columns: ComputedColumns = items.flat_map(|item| self.item(item)).collect();
        self.scopes.pop();
        let Some(into) = into_table else {
            return Some(columns);
        };
        for target in &into.targets {
            let text = target.to_string().to_lowercase();
            let (name, names) = text.split_once('(').unwrap_or((&text, ""));
            let names = names.trim_end_matches(')').split(',').map(str::trim);
            let names: Vec<String> =
                names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
            self.put(name.trim(), &names, &columns);
        }
        None
    }
}

/// The variable that an entry of a select list assigns.
fn assigned(item: &SelectItem) -> Option<String> {
    let name = match item {
        SelectItem::ExprWithAlias { alias, .. } => alias.value.clone(),
        SelectItem::UnnamedExpr(Expr::BinaryOp { left, op: BinaryOperator::Eq, .. }) => {
            left.to_string()
        }
        _ => return None,
    };
    name.starts_with('@').then_some(name)
}

fn declared(name: &str) -> Computed {
    Computed { name: name.to_owned(), ..Computed::default() }
}

/// The last part of a name, in lower case.
fn last_of(name: &ObjectName) -> String {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(|| name.to_string(), |last| last.value.clone()).to_lowercase()
}
