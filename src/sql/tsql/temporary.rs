//! Temporary tables and table variables: `CREATE TABLE #t`, `SELECT ... INTO #t`, `DROP TABLE #t`.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    self, AlterTable, AlterTableOperation, ColumnDef, ColumnOption, ConditionalStatements,
    CreateTable, Expr, FunctionArguments, ObjectName, ObjectType, Query, Select, SetExpr,
    TableConstraint, Truncate,
};

use super::TsqlError;
use super::names::quoted;
use super::query::Shape;
use super::script::Statement;
use super::translator::{R, Translator};
use crate::schema::catalog::Table;
use crate::schema::types::Type;
use crate::sql::functions::collation;

/// The columns of a temporary table.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Their names and types.
    columns: Vec<(String, Type)>,
    /// The names of those that hold no NULL.
    filled: Vec<String>,
    /// The one that numbers the rows, and the first number.
    identity: Option<(String, i64)>,
    /// Whether it has a key beside that one.
    has_key: bool,
    /// What a row has where an INSERT names no value: the column and a constant.
    defaults: Vec<(String, String)>,
    /// Of which the value is the time: the column and the SQL of it.
    timed: Vec<(String, String)>,
}

/// The column that numbers the rows of a temporary table.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub column: String,
    /// The statements that make the table, and with it numbers that begin at the first.
    made_by: Vec<String>,
}

impl Translator<'_> {
    /// The name of a temporary table or table variable, in lower case; `None` for any other table.
    pub fn temporary_name(name: &ObjectName) -> Option<String> {
        let last = name.0.last()?.as_ident()?;
        let temporary = last.value.starts_with(['#', '@']);
        temporary.then(|| last.value.to_lowercase())
    }

    pub fn select_into(&mut self, query: &Query, select: &Select, line: u32) -> R<()> {
        let targets = select.into.as_ref().map_or(&[][..], |into| &into.targets);
        let [Expr::Identifier(target)] = targets else {
            return Err(self.writes("SELECT INTO"));
        };
        self.see(target.span);
        if !target.value.starts_with('#') {
            return Err(self
                .writes(format!("SELECT INTO {}", target.value))
                .with_hint(format!("use a temporary table: INTO #{}", target.value)));
        }
        let name = target.value.to_lowercase();
        if self.session.temporary.contains_key(&name) {
            return Err(self.invalid(format!("there is already a table `{name}`")));
        }
        let mut without = query.clone();
        if let SetExpr::Select(select) = without.body.as_mut() {
            select.into = None;
        }
        let answer = self.query(&without, Shape::default())?;
        let Some(columns) = answer.columns else {
            return Err(self.unsupported("SELECT INTO of unknown columns"));
        };
        let (mut named, mut seen) = (Vec::new(), BTreeSet::new());
        for column in columns {
            let Some(own) = column.name.filter(|own| !own.is_empty()) else {
                return Err(self
                    .invalid("a column of SELECT INTO has no name")
                    .with_hint("give it one: expression AS name"));
            };
            if !seen.insert(own.to_lowercase()) {
                return Err(self.twice(&name, &own));
            }
            let of = if column.of == Type::Null { Type::Int } else { column.of };
            named.push((own, of));
        }
        let declared = Declared { columns: named, ..Declared::default() };
        self.make_table(&name, declared, line);
        self.push(
            line,
            Statement::Temporary { sql: format!("INSERT INTO {} {}", quoted(&name), answer.sql) },
        );
        Ok(())
    }

    /// Notes that a temporary table is there, or is not, only where an IF or a WHILE goes a certain way.
    fn made_or_dropped(&mut self, name: &str) {
        if self.batch.depth > 0 {
            self.session.uncertain.insert(name.to_owned());
        } else {
            self.session.uncertain.remove(name);
        }
    }

    /// Makes a temporary table.
    pub fn make_table(&mut self, name: &str, made: Declared, line: u32) {
        let Declared { columns, filled, identity, defaults, timed, has_key } = made;
        if has_key {
            self.output.notes.insert(
                "keys of temporary tables are not enforced: SQL Server would reject a duplicate row"
                    .into(),
            );
        }
        let declared: Vec<String> = columns
            .iter()
            .map(|(column, of)| {
                let of = match of {
                    Type::Unknown | Type::Null => String::new(),
                    of => format!(" \"{of}\""),
                };
                let not_null = if filled.contains(column) { " NOT NULL" } else { "" };
                if identity.as_ref().is_some_and(|(own, _)| own == column) {
                    // A number that was given once is not given again, whichever rows go.
                    return format!("{} INTEGER PRIMARY KEY AUTOINCREMENT", quoted(column));
                }
                let default = defaults.iter().find(|(own, _)| own == column);
                let default =
                    default.map_or(String::new(), |(_, value)| format!(" DEFAULT ({value})"));
                format!("{}{of}{not_null}{default}", quoted(column))
            })
            .collect();
        let sql = format!("CREATE TEMP TABLE {} ({})", quoted(name), declared.join(", "));
        let mut made_by = vec![sql];
        if let Some((own, first)) = identity.as_ref().filter(|(_, first)| *first > 1) {
            // A row that has come and gone leaves its number behind, whatever else was in it.
            let others = columns.iter().filter(|(column, _)| column != own);
            let (mut names, mut values) = (vec![quoted(own)], vec![(first - 1).to_string()]);
            for (column, _) in others {
                names.push(quoted(column));
                values.push("0".to_owned());
            }
            let (names, values) = (names.join(", "), values.join(", "));
            let table = quoted(name);
            made_by.push(format!("INSERT INTO {table} ({names}) VALUES ({values})"));
            made_by.push(format!("DELETE FROM {table}"));
        }
        for sql in made_by.clone() {
            self.push(line, Statement::Temporary { sql });
        }
        self.session.identities.remove(name);
        self.session.made.insert(name.to_owned(), made_by[0].clone());
        self.session.timed.insert(name.to_owned(), timed);
        self.made_or_dropped(name);
        let numbered = identity.map(|(column, _)| (name.to_owned(), Identity { column, made_by }));
        self.session.identities.extend(numbered);
        self.session.temporary.insert(
            name.to_owned(),
            Table {
                name: name.to_owned(),
                columns: Some(columns),
                rowid: true,
                is_view: false,
                hidden: Vec::new(),
                inferred: BTreeMap::new(),
            },
        );
    }

    /// The columns with their types, and the names of those that hold no NULL.
    pub fn columns_of(&mut self, columns: &[sqlparser::ast::ColumnDef]) -> R<Declared> {
        let (mut read, mut filled, mut identity) = (Vec::new(), Vec::new(), None);
        let (mut defaults, mut timed, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for column in columns {
            self.see(column.name.span);
            let of = self.data_type(&column.data_type, Some(1))?;
            for option in &column.options {
                match &option.option {
                    ColumnOption::Null => {}
                    ColumnOption::Unique(_) => keys.push(column.name.value.clone()),
                    ColumnOption::NotNull => filled.push(column.name.value.clone()),
                    ColumnOption::PrimaryKey(_) => {
                        filled.push(column.name.value.clone());
                        keys.push(column.name.value.clone());
                    }
                    ColumnOption::Identity(kind) => {
                        let text = kind.to_string().replace(' ', "").to_uppercase();
                        let first = match text.strip_prefix("IDENTITY") {
                            Some("") => Some(1),
                            Some(given) => given
                                .strip_prefix('(')
                                .and_then(|given| given.strip_suffix(",1)"))
                                .and_then(|first| first.parse().ok())
                                .filter(|first: &i64| (1..=i64::from(i32::MAX)).contains(first)),
                            None => None,
                        };
                        let (Some(first), true) = (first, of.is_integer()) else {
                            return Err(self
                                .unsupported(format!("{kind} in a temporary table"))
                                .with_hint(
                                    "supported: IDENTITY(n, 1) of an integer, with n from 1",
                                ));
                        };
                        identity = Some((column.name.value.clone(), first));
                    }
                    ColumnOption::Default(value) => {
                        let value = self.value(value)?;
                        let value = self.cast(value, of, None, false)?;
                        if value.sql == self.given.now {
                            timed.push((column.name.value.clone(), value.sql));
                            continue;
                        }
                        if value.literal.is_none() {
                            return Err(self
                                .unsupported("DEFAULT of a non-constant")
                                .with_hint("name the column in each INSERT, with its value"));
                        }
                        defaults.push((column.name.value.clone(), value.sql));
                    }
                    ColumnOption::Collation(name)
                        if collation::named(&name.to_string()) == Some(collation::DEFAULT) => {}
                    other => return Err(self.no_such_option(&other.to_string())),
                }
            }
            read.push((column.name.value.clone(), of));
        }
        let is_other = |key: &String| identity.as_ref().is_none_or(|(own, _)| own != key);
        Ok(Declared {
            columns: read,
            filled,
            has_key: keys.iter().any(is_other),
            identity,
            defaults,
            timed,
        })
    }

    /// Refuses what the declaration of a temporary table cannot have.
    fn no_such_option(&self, option: &str) -> TsqlError {
        let error = self.unsupported(format!("{option} in a temporary table"));
        match option.split_whitespace().any(|word| word == "CHECK") {
            true => error.with_hint(
                "leave it out: SELECT ... WHERE NOT (condition) finds the rows that it refuses",
            ),
            false => error,
        }
    }

    pub fn create_table(&mut self, create: &CreateTable, line: u32) -> R<()> {
        let Some(name) = Self::temporary_name(&create.name) else {
            return Err(self
                .writes("CREATE TABLE")
                .with_hint("use a temporary table: its name begins with #"));
        };
        if self.session.temporary.contains_key(&name) {
            return Err(self.invalid(format!("there is already a table `{name}`")));
        }
        if create.query.is_some() || create.like.is_some() || create.clone.is_some() {
            return Err(self.unsupported("CREATE TABLE AS"));
        }
        // Keys are there for speed; that they are kept is the matter of whoever fills the table.
        for constraint in &create.constraints {
            match constraint {
                TableConstraint::PrimaryKey(_) | TableConstraint::Unique(_) => {}
                other => return Err(self.no_such_option(&other.to_string())),
            }
        }
        let mut declared = self.columns_of(&create.columns)?;
        declared.has_key |= !create.constraints.is_empty();
        self.make_table(&name, declared, line);
        Ok(())
    }

    /// `ALTER TABLE #t ADD column`: the table is made again, with its rows.
    pub fn alter_table(&mut self, alter: &AlterTable, line: u32) -> R<()> {
        let own = Self::temporary_name(&alter.name);
        let Some(name) = own.filter(|own| self.session.temporary.contains_key(own)) else {
            return Err(self.invalid(format!("there is no table `{}`", alter.name)));
        };
        if self.session.identities.contains_key(&name) || self.batch.depth > 0 {
            return Err(self
                .unsupported("ALTER TABLE of this temporary table")
                .with_hint("name all columns in CREATE TABLE"));
        }
        let columns: Vec<ColumnDef> = alter
            .operations
            .iter()
            .filter_map(|operation| match operation {
                AlterTableOperation::AddColumn { column_def, .. } => Some(column_def.clone()),
                _ => None,
            })
            .collect();
        let added = self.columns_of(&columns)?;
        let has_more =
            added.identity.is_some() || !added.defaults.is_empty() || !added.timed.is_empty();
        if has_more || !added.filled.is_empty() {
            return Err(self
                .unsupported("ALTER TABLE ADD of a column that is not NULL or has a DEFAULT")
                .with_hint("name all columns in CREATE TABLE, or add it as NULL and UPDATE it"));
        }
        let before = self.session.temporary.get(&name).cloned();
        let made = self.session.made.get(&name).cloned();
        let (Some(mut table), Some(made)) = (before, made) else {
            return Err(self.invalid(format!("there is no table `{name}`")));
        };
        let mut known = table.columns.take().unwrap_or_default();
        let names = |known: &[(String, Type)]| {
            let names: Vec<String> = known.iter().map(|(own, _)| quoted(own)).collect();
            names.join(", ")
        };
        let (old, own) = (names(&known), quoted(&name));
        let mut made = made.strip_suffix(')').unwrap_or(&made).to_owned();
        for (column, of) in added.columns {
            if known.iter().any(|(own, _)| own.eq_ignore_ascii_case(&column)) {
                return Err(self.twice(&name, &column));
            }
            made.push_str(&format!(", {} \"{of}\"", quoted(&column)));
            known.push((column, of));
        }
        made.push(')');
        let other = quoted(&self.fresh("copy"));
        for sql in [
            format!("CREATE TEMP TABLE {other} ({old})"),
            format!("INSERT INTO {other} SELECT {old} FROM {own}"),
            format!("DROP TABLE {own}"),
            made.clone(),
            format!("INSERT INTO {own} ({old}) SELECT {old} FROM {other}"),
            format!("DROP TABLE {other}"),
        ] {
            self.push(line, Statement::Temporary { sql });
        }
        table.columns = Some(known);
        self.session.made.insert(name.clone(), made);
        self.session.temporary.insert(name, table);
        Ok(())
    }

    /// `SET IDENTITY_INSERT #t ON`.
    pub fn identity_insert(&mut self, table: &ObjectName, on: bool) -> R<()> {
        let own = Self::temporary_name(table);
        let Some(name) = own.filter(|own| self.session.identities.contains_key(own)) else {
            return Err(self
                .unsupported(format!("SET IDENTITY_INSERT {table}"))
                .with_hint("it is supported for temporary tables with an IDENTITY column"));
        };
        let other = self.session.numbered.take_if(|numbered| *numbered != name);
        match other {
            Some(other) if on => Err(self
                .invalid(format!(
                    "IDENTITY_INSERT is ON for `{other}` already, and for one table at a time"
                ))
                .with_hint(format!("write SET IDENTITY_INSERT {other} OFF before it"))),
            Some(other) => {
                self.session.numbered = Some(other);
                Ok(())
            }
            None => {
                self.session.numbered = on.then_some(name);
                Ok(())
            }
        }
    }

    pub fn drop_table(&mut self, name: &ObjectName, if_exists: bool, line: u32) -> R<()> {
        let Some(own) = Self::temporary_name(name) else {
            return Err(self.writes("DROP TABLE"));
        };
        if self.session.temporary.remove(&own).is_some() {
            self.made_or_dropped(&own);
            self.push(line, Statement::Temporary { sql: format!("DROP TABLE {}", quoted(&own)) });
        } else if !if_exists {
            return Err(self
                .invalid(format!("there is no table `{own}`"))
                .with_hint(format!("write DROP TABLE IF EXISTS {own}")));
        }
        Ok(())
    }

    /// `IF OBJECT_ID('tempdb..#t') IS NOT NULL DROP TABLE #t`, the one use of `IF` that is read.
    pub fn drop_if_there(&mut self, statement: &ast::Statement, line: u32) -> R<()> {
        let refuse = |this: &Self| {
            Err(this.unsupported("IF OBJECT_ID(...)").with_hint(
                "supported: IF OBJECT_ID('tempdb..#table') IS NOT NULL DROP TABLE #table",
            ))
        };
        let ast::Statement::If(branch) = statement else {
            return refuse(self);
        };
        let (Some(Expr::IsNotNull(test)), None, true) =
            (&branch.if_block.condition, &branch.else_block, branch.elseif_blocks.is_empty())
        else {
            return refuse(self);
        };
        let statements = match &branch.if_block.conditional_statements {
            ConditionalStatements::Sequence { statements } => statements,
            ConditionalStatements::BeginEnd(block) => &block.statements,
        };
        let [ast::Statement::Drop { object_type: ObjectType::Table, names, .. }] =
            statements.as_slice()
        else {
            return refuse(self);
        };
        let [name] = names.as_slice() else {
            return refuse(self);
        };
        let asked = match test.as_ref() {
            Expr::Function(function)
                if function.name.to_string().eq_ignore_ascii_case("object_id") =>
            {
                match &function.args {
                    FunctionArguments::List(list) => list.args.first().map(ToString::to_string),
                    _ => None,
                }
            }
            _ => None,
        };
        let dropped = Self::temporary_name(name);
        let same = asked.zip(dropped).is_some_and(|(asked, own)| {
            let text = asked.trim_start_matches(['N', 'n']).trim_matches('\'').to_lowercase();
            text.rsplit('.').next().unwrap_or("").trim_matches(['[', ']']) == own
        });
        if !same {
            return refuse(self);
        }
        self.drop_table(name, true, line)
    }

    /// `TRUNCATE TABLE #t`: takes all rows, and numbers begin at 1 again.
    pub fn truncate(&mut self, truncate: &Truncate, line: u32) -> R<()> {
        for target in &truncate.table_names {
            let own = Self::temporary_name(&target.name);
            let Some(name) = own.filter(|own| self.session.temporary.contains_key(own)) else {
                return Err(self.invalid(format!("there is no table `{}`", target.name)));
            };
            let table = quoted(&name);
            let statements = match self.session.identities.get(&name) {
                Some(identity) => {
                    let mut statements = vec![format!("DROP TABLE {table}")];
                    statements.extend(identity.made_by.iter().cloned());
                    statements
                }
                None => vec![format!("DELETE FROM {table}")],
            };
            for sql in statements {
                self.push(line, Statement::Temporary { sql });
            }
        }
        Ok(())
    }
}
