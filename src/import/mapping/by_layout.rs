//! Finds the table of records without a header: the one whose columns, in a known order, fit the values.

use super::Hints;
use super::Plan;
use super::TablesError;
use super::by_header::Builder;
use super::by_header::Named;
use super::by_header::listed;
use super::by_header::named_after;
use super::by_header::named_table;
use super::names::Heading;
use crate::import::convert;
use crate::import::convert::Cast;
use crate::import::convert::Rules;
use crate::import::convert::Seen;
use crate::record::OwnedRecord;
use crate::record::batch::Batch;
use crate::schema::product::PRODUCT;
use crate::schema::product::ProductTable;
use std::collections::BTreeMap;

/// The columns of the documented query, in order, for its results without a header.
pub(super) const DOCUMENTED: [&str; 10] = [
    "contact_point_data",
    "queue_name",
    "activity_id",
    "activity_status",
    "activity_sub_status",
    "login_ip",
    "assigned_to",
    "when_created",
    "user_name",
    "screen_name",
];

/// A known column order.
#[derive(Clone)]
pub(super) struct Layout {
    pub(super) table: &'static ProductTable,
    pub(super) columns: Vec<&'static str>,
    /// What it is, if not the table's own order.
    pub(super) note: Option<&'static str>,
}

/// The known column orders of a table: all columns; those of an activity without later versions; those of a user with
/// the passwords, which the schema omits, after the name.
pub(super) fn layouts(table: &'static ProductTable) -> Vec<Layout> {
    let all: Vec<&'static str> = table.columns.iter().map(|(name, _)| *name).collect();
    let of = |columns: Vec<&'static str>, note| Layout { table, columns, note };
    let mut layouts = vec![of(all.clone(), None)];
    if table.name == "egpl_casemgmt_activity" {
        let later = ["issue_type_id", "is_authenticated"];
        // No source has one of the two alone, and a separator in a text would look like it.
        layouts.push(of(all[..all.len() - later.len()].to_vec(), None));
        layouts.push(of(
            DOCUMENTED.to_vec(),
            Some("going by their number and values, the columns are those of the documented query"),
        ));
    }
    if let ("egpl_user", Some(name)) = (table.name, table.position("user_name")) {
        let secrets = ["password", "case_insensitive_password"];
        for count in 1..=secrets.len() {
            let mut columns = all[..=name].to_vec();
            columns.extend(&secrets[..count]);
            columns.extend(&all[name + 1..]);
            layouts.push(of(columns, None));
        }
    }
    layouts
}

impl Layout {
    /// How many columns of numbers and times there are, whose values are evidence; nine of ten records must fit. Unless
    /// the file is named after the table, there must be values in many columns, including times.
    pub(super) fn fit(&self, sample: &[OwnedRecord], rules: &Rules, named: bool) -> Option<usize> {
        let casts: Vec<Cast> = self.columns.iter().map(|column| cast_of(column)).collect();
        let key = self.table.single_key();
        let key = key.and_then(|key| self.columns.iter().position(|column| *column == key));
        let mut batch = Batch::default();
        let mut fits = |record: &OwnedRecord| {
            record.fields.len() == casts.len()
                && record.fields.iter().zip(&casts).enumerate().all(|(at, (field, cast))| {
                    let value = convert::value(
                        record.cells(),
                        *field,
                        *cast,
                        rules,
                        &mut Seen::default(),
                        &mut batch,
                    );
                    value.is_ok_and(|value| {
                        key != Some(at) || value != crate::record::batch::RowValue::Null
                    })
                })
        };
        let wide = |record: &&OwnedRecord| record.fields.len() == casts.len();
        let all = sample.iter().filter(wide).count();
        let fitting = sample.iter().filter(|record| fits(record)).count();
        let enough = fitting > 0 && fitting * 10 >= all * 9;
        let enough = enough && (named || self.is_shown(&casts, sample));
        enough.then(|| casts.iter().filter(|cast| **cast != Cast::Text).count())
    }

    /// Whether the sample has values in many columns of numbers, and times where expected: a few columns fit any
    /// table. Those that somebody selects are often as many as another table has, unless that is a wide one.
    fn is_shown(&self, casts: &[Cast], sample: &[OwnedRecord]) -> bool {
        const WIDE: usize = 20;
        let is_filled = |at: usize| {
            let texts = sample.iter().filter_map(|record| record.text_at(at));
            texts.clone().any(|text| !text.trim().is_empty() && text != "NULL")
        };
        let filled = |wanted: &dyn Fn(Cast) -> bool| {
            let casts = casts.iter().enumerate();
            casts.filter(|(at, cast)| wanted(**cast) && is_filled(*at)).count()
        };
        let times = filled(&|cast| cast == Cast::Time);
        let numbers = filled(&|cast| matches!(cast, Cast::Integer { .. }));
        (casts.len() >= WIDE || self.note.is_some()) && times > 0 && numbers >= 3
    }

    pub(super) fn headings(&self) -> Vec<Heading> {
        let heading = |name: &&'static str| Heading {
            written: (*name).to_owned(),
            column: (*name).to_owned(),
            table: None,
        };
        self.columns.iter().map(heading).collect()
    }
}

/// The type of a column, whatever its table; columns with the same name have the same type in the product.
pub(super) fn cast_of(column: &str) -> Cast {
    PRODUCT.iter().find_map(|table| table.type_of(column)).map_or(Cast::Text, Cast::of)
}

pub(super) fn by_layout(
    sample: &[OwnedRecord],
    hints: Hints<'_>,
    rules: &Rules,
) -> Result<Plan, TablesError> {
    let widths = widths(sample);
    let width = widths.first().copied().unwrap_or(0);
    let named = hints.table.map(named_table).transpose()?;
    let candidates: Vec<Layout> = match &named {
        Some(Named::New(name)) => {
            let nameless =
                |_| Heading { written: String::new(), column: String::new(), table: None };
            let headings = (0..width).map(nameless).collect();
            let mut plan = Builder::new(headings, sample).unknown(name.clone());
            forget_headings(&mut plan);
            return Ok(plan);
        }
        Some(Named::Product(table)) => layouts(table),
        None => {
            let all: Vec<&'static ProductTable> = PRODUCT.iter().collect();
            match named_after(&all, hints.file) {
                Some(table) => layouts(table),
                None => PRODUCT.iter().flat_map(layouts).collect(),
            }
        }
    };
    let layout = match &named {
        Some(Named::Product(_)) => of_table(candidates, &widths),
        _ => {
            let of_width = |width: &usize| {
                let wide = candidates.iter().filter(|layout| layout.columns.len() == *width);
                best_fit(wide.cloned().collect(), sample, hints, rules).transpose()
            };
            widths.iter().find_map(of_width).transpose()?
        }
    };
    let Some(layout) = layout else {
        return Err(nameless(width, hints));
    };
    let columns = layout.columns.len();
    let mut builder = Builder::new(layout.headings(), sample);
    builder.drop_columns(true);
    builder.assign_all(layout.table)?;
    builder.look_up();
    let mut plan = builder.finish()?;
    plan.notes.insert(
        0,
        layout.note.map_or_else(
            || {
                let taken = format!(
                    "no header: read as all {columns} columns of `{}` in order",
                    layout.table.name
                );
                if widths.is_empty() || widths.contains(&columns) {
                    return taken;
                }
                format!(
                    "{taken}, but no record inspected has that many fields (most have {width}): export it with \
                     column headers, or add a header line"
                )
            },
            str::to_owned,
        ),
    );
    forget_headings(&mut plan);
    Ok(plan)
}

/// Why no table is chosen for columns without names.
pub(super) fn nameless(columns: usize, hints: Hints<'_>) -> TablesError {
    let all: Vec<&'static ProductTable> = PRODUCT.iter().collect();
    let why = match named_after(&all, hints.file) {
        Some(table) if table.columns.len() == columns => {
            format!("their values do not fit `{}`, which the file is named after", table.name)
        }
        Some(table) => {
            format!("`{}`, which the file is named after, has {}", table.name, table.columns.len())
        }
        None => "their values do not identify a table".to_owned(),
    };
    TablesError::Nameless { columns, why }
}

/// What an unnamed column is called.
pub(super) fn forget_headings(plan: &mut Plan) {
    let columns = plan.targets.iter_mut().flat_map(|target| &mut target.shape.columns);
    columns.for_each(|column| column.heading = None);
}

/// The layout of a given table: the one as wide as some of the records, or else the table's own order, so that each
/// record is rejected for its width.
pub(super) fn of_table(layouts: Vec<Layout>, widths: &[usize]) -> Option<Layout> {
    let wide = |width: &usize| layouts.iter().find(|layout| layout.columns.len() == *width);
    let fitting = widths.iter().find_map(wide).cloned();
    fitting.or_else(|| layouts.into_iter().next())
}

/// The field counts of records, the most frequent first.
pub(super) fn widths(sample: &[OwnedRecord]) -> Vec<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for record in sample {
        *counts.entry(record.fields.len()).or_default() += 1;
    }
    let mut widths: Vec<(usize, usize)> = counts.into_iter().collect();
    // Of two that are as frequent the narrower is meant: a separator in a text adds a field; nothing takes one away.
    widths.sort_by_key(|(width, count)| (std::cmp::Reverse(*count), *width));
    widths.into_iter().map(|(width, _)| width).collect()
}

/// The layout with the most columns of numbers and times, of those that the records fit.
pub(super) fn best_fit(
    layouts: Vec<Layout>,
    sample: &[OwnedRecord],
    hints: Hints<'_>,
    rules: &Rules,
) -> Result<Option<Layout>, TablesError> {
    let scored: Vec<(usize, Layout)> = layouts
        .into_iter()
        .filter_map(|layout| {
            let named = named_after(&[layout.table], hints.file).is_some();
            Some((layout.fit(sample, rules, named)?, layout))
        })
        .collect();
    let Some(most) = scored.iter().map(|(told, _)| *told).max() else {
        return Ok(None);
    };
    let mut best: Vec<Layout> =
        scored.into_iter().filter(|(told, _)| *told == most).map(|(_, layout)| layout).collect();
    if best.len() < 2 {
        return Ok(best.pop());
    }
    let tables: Vec<&'static ProductTable> = best.iter().map(|layout| layout.table).collect();
    match named_after(&tables, hints.file) {
        Some(table) => {
            let named = best.into_iter().find(|layout| layout.table == table);
            Ok(named.map(|layout| Layout {
                note: layout.note.or(Some(
                    "no header: several tables fit; read as the one that the file is named after",
                )),
                ..layout
            }))
        }
        None => {
            let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
            Err(TablesError::Ambiguous { tables: listed(&names) })
        }
    }
}
