//! What changed between the last two exports of activities.

use super::AnalysisError;
use super::exported::ExportedRows;
use crate::report::{ChangeRun, ComparedExports};
use crate::table::Cell;

/// The last two exports with activities, the later one first.
const EXPORTS: &str = "SELECT x.export_id, x.file FROM chatdb_export x \
     WHERE EXISTS (SELECT 1 FROM chatdb_export_column c \
     WHERE c.export_id = x.export_id AND c.table_name = 'egpl_casemgmt_activity') \
     ORDER BY x.taken_at DESC, x.export_id DESC LIMIT 2";

/// Each kind of change, with the number of activities and chats. A row that is only in the earlier export counts as
/// missing if the later one has rows before and after it.
fn changes(earlier: &str, later: &str) -> String {
    let both = format!(
        "FROM egpl_casemgmt_activity b JOIN egpl_casemgmt_activity_earlier e ON e.activity_id = b.activity_id \
         AND e.chatdb_export = {earlier} WHERE b.chatdb_export = {later}"
    );
    let line = |what: &str, from: &str| {
        format!("SELECT '{what}', COUNT(*), COALESCE(SUM(b.activity_type = 2000), 0) {from}")
    };
    [
        line(
            "new",
            &format!(
                "FROM egpl_casemgmt_activity b WHERE b.chatdb_export = {later} AND b.activity_id NOT IN \
                 (SELECT activity_id FROM egpl_casemgmt_activity_earlier)"
            ),
        ),
        line(
            "completed",
            &format!("{both} AND e.activity_status <> 9000 AND b.activity_status = 9000"),
        ),
        line(
            "open again",
            &format!("{both} AND e.activity_status = 9000 AND b.activity_status <> 9000"),
        ),
        line(
            "assigned",
            &format!("{both} AND e.assigned_to IS NULL AND b.assigned_to IS NOT NULL AND b.activity_status <> 9000"),
        ),
        line(
            "open and unchanged",
            &format!(
                "{both} AND e.activity_status <> 9000 AND b.activity_status = e.activity_status \
                 AND b.when_modified IS e.when_modified"
            ),
        ),
        line(
            "missing",
            &format!(
                "FROM egpl_casemgmt_activity b WHERE b.chatdb_export = {earlier} AND b.activity_id BETWEEN \
                 (SELECT MIN(activity_id) FROM egpl_casemgmt_activity WHERE chatdb_export = {later}) AND \
                 (SELECT MAX(activity_id) FROM egpl_casemgmt_activity WHERE chatdb_export = {later})"
            ),
        ),
    ]
    .join(" UNION ALL ")
}

/// Compares the last two exports; `None` if there are fewer.
pub(super) fn between_exports(
    rows: &ExportedRows<'_>,
) -> Result<Option<ComparedExports>, AnalysisError> {
    let compared = ["activity_status", "activity_type", "assigned_to", "when_modified"];
    let has = |column: &&str| rows.has(&format!("egpl_casemgmt_activity.{column}"));
    if rows.columns.is_none()
        || !rows.has("egpl_casemgmt_activity_earlier")
        || !compared.iter().all(has)
    {
        return Ok(None);
    }
    let exports = rows.store.answer(EXPORTS, None, &[], None)?.table.rows;
    let [later, earlier] = &exports[..] else {
        return Ok(None);
    };
    let sql = changes(&earlier[0].to_string(), &later[0].to_string());
    let found = rows.store.answer(&sql, None, &[], None)?.table.rows;
    let count = |cell: &Cell| match cell {
        Cell::Integer(n) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    };
    let change = |row: &Vec<Cell>| ChangeRun {
        what: row[0].to_string(),
        activities: count(&row[1]),
        chats: count(&row[2]),
    };
    Ok(Some(ComparedExports {
        earlier: earlier[1].to_string(),
        later: later[1].to_string(),
        changes: found.iter().map(change).filter(|one| one.activities > 0).collect(),
    }))
}
