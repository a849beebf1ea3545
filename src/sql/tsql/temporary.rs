//! Temporary tables and table variables: `CREATE TABLE #t`, `SELECT ... INTO #t`, `DROP TABLE #t`.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    self, ColumnOption, ConditionalStatements, CreateTable, Expr, FunctionArguments, ObjectName,
    ObjectType, Query, Select, SetExpr, TableConstraint, Truncate,
};

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
    /// The one that numbers the rows.
    identity: Option<String>,
    /// What a row has where an INSERT names no value: the column and a constant.
    defaults: Vec<(String, String)>,
    /// Of which the value is the time: the column and the SQL of it.
    timed: Vec<(String, String)>,
}

/// The column that numbers the rows of a temporary table.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub column: String,
    /// The statement that makes the table, and with it numbers that begin at 1.
    made_by: String,
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
            let of = if column.of == Type::Null {
                Type::Int
            } else {
                column.of
            };
            named.push((own, of));
        }
        let declared = Declared {
            columns: named,
            ..Declared::default()
        };
        self.make_table(&name, declared, line);
        self.push(
            line,
            Statement::Temporary {
                sql: format!("INSERT INTO {} {}", quoted(&name), answer.sql),
            },
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
        let Declared {
            columns,
            filled,
            identity,
            defaults,
            timed,
        } = made;
        let declared: Vec<String> = columns
            .iter()
            .map(|(column, of)| {
                let of = match of {
                    Type::Unknown | Type::Null => String::new(),
                    of => format!(" \"{of}\""),
                };
                let not_null = if filled.contains(column) {
                    " NOT NULL"
                } else {
                    ""
                };
                if identity.as_ref() == Some(column) {
                    // A number that was given once is not given again, whichever rows go.
                    return format!("{} INTEGER PRIMARY KEY AUTOINCREMENT", quoted(column));
                }
                let default = defaults.iter().find(|(own, _)| own == column);
                let default =
                    default.map_or(String::new(), |(_, value)| format!(" DEFAULT ({value})"));
                format!("{}{of}{not_null}{default}", quoted(column))
            })
            .collect();
        let sql = format!(
            "CREATE TEMP TABLE {} ({})",
            quoted(name),
            declared.join(", ")
        );
        self.push(line, Statement::Temporary { sql: sql.clone() });
        self.session.identities.remove(name);
        self.session.timed.insert(name.to_owned(), timed);
        self.made_or_dropped(name);
        self.session.identities.extend(identity.map(|column| {
            let made_by = sql;
            (name.to_owned(), Identity { column, made_by })
        }));
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
        let (mut defaults, mut timed) = (Vec::new(), Vec::new());
        for column in columns {
            self.see(column.name.span);
            let of = self.data_type(&column.data_type, Some(1))?;
            for option in &column.options {
                match &option.option {
                    ColumnOption::Null | ColumnOption::Unique(_) => {}
                    ColumnOption::NotNull | ColumnOption::PrimaryKey(_) => {
                        filled.push(column.name.value.clone());
                    }
                    ColumnOption::Identity(kind) => {
                        let text = kind.to_string().replace(' ', "").to_uppercase();
                        if !of.is_integer()
                            || !["IDENTITY", "IDENTITY(1,1)"].contains(&text.as_str())
                        {
                            return Err(self
                                .unsupported(format!("{kind} in a temporary table"))
                                .with_hint("supported: IDENTITY(1, 1) of an integer"));
                        }
                        identity = Some(column.name.value.clone());
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
                    other => {
                        return Err(self.unsupported(format!("{other} in a temporary table")));
                    }
                }
            }
            read.push((column.name.value.clone(), of));
        }
        Ok(Declared {
            columns: read,
            filled,
            identity,
            defaults,
            timed,
        })
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
                other => return Err(self.unsupported(format!("{other} in a temporary table"))),
            }
        }
        let declared = self.columns_of(&create.columns)?;
        self.output.notes.insert(
            "keys of temporary tables are not enforced: SQL Server would reject a duplicate row"
                .into(),
        );
        self.make_table(&name, declared, line);
        Ok(())
    }

    pub fn drop_table(&mut self, name: &ObjectName, if_exists: bool, line: u32) -> R<()> {
        let Some(own) = Self::temporary_name(name) else {
            return Err(self.writes("DROP TABLE"));
        };
        if self.session.temporary.remove(&own).is_some() {
            self.made_or_dropped(&own);
            self.push(
                line,
                Statement::Temporary {
                    sql: format!("DROP TABLE {}", quoted(&own)),
                },
            );
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
        let (Some(Expr::IsNotNull(test)), None, true) = (
            &branch.if_block.condition,
            &branch.else_block,
            branch.elseif_blocks.is_empty(),
        ) else {
            return refuse(self);
        };
        let statements = match &branch.if_block.conditional_statements {
            ConditionalStatements::Sequence { statements } => statements,
            ConditionalStatements::BeginEnd(block) => &block.statements,
        };
        let [
            ast::Statement::Drop {
                object_type: ObjectType::Table,
                names,
                ..
            },
        ] = statements.as_slice()
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
            let text = asked
                .trim_start_matches(['N', 'n'])
                .trim_matches('\'')
                .to_lowercase();
            text.rsplit('.')
                .next()
                .unwrap_or("")
                .trim_matches(['[', ']'])
                == own
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
                Some(identity) => vec![format!("DROP TABLE {table}"), identity.made_by.clone()],
                None => vec![format!("DELETE FROM {table}")],
            };
            for sql in statements {
                self.push(line, Statement::Temporary { sql });
            }
        }
        Ok(())
    }
}
