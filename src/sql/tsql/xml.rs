//! `FOR XML PATH('')`, where it joins the texts of rows.

use std::collections::BTreeMap;

use sqlparser::ast::{
    AccessExpr, Expr, ForClause, ForXml, FunctionArg, FunctionArgExpr, FunctionArguments, OrderBy,
    OrderByKind, Query, SelectItem, SetExpr, Value as Literal,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;

use super::expr::Typed;
use super::query::Shape;
use super::select::body_of;
use super::translator::{R, Translator};
use crate::schema::types::Type;

impl Translator<'_> {
    /// `(SELECT ... FOR XML PATH(''), TYPE).value('.', 'type')`: the rows joined, as they are.
    pub fn value_of_xml(&mut self, root: &Expr, chain: &[AccessExpr]) -> R<Option<Typed>> {
        let mut root = root;
        while let Expr::Nested(inner) = root {
            root = inner;
        }
        let (Expr::Subquery(query), [AccessExpr::Dot(Expr::Function(method))]) = (root, chain)
        else {
            return Ok(None);
        };
        let FunctionArguments::List(list) = &method.args else {
            return Ok(None);
        };
        let named = method.name.to_string().eq_ignore_ascii_case("value");
        let text = |at: usize| match list.args.get(at) {
            Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))) => {
                match &value.value {
                    Literal::SingleQuotedString(text) | Literal::NationalStringLiteral(text) => {
                        Some(text.as_str())
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let (Some(path), Some(of), 2) = (text(0), text(1), list.args.len()) else {
            return Ok(None);
        };
        let whole = [".", "./text()[1]", ".[1]", "(./text())[1]", "text()[1]", "(.)[1]"];
        if !named || !joins_rows(query) || !whole.contains(&path) {
            return Ok(None);
        }
        let parsed = Parser::new(&MsSqlDialect {}).try_with_sql(of);
        let Ok(data_type) = parsed.and_then(|mut parser| parser.parse_data_type()) else {
            return Err(self.invalid(format!("invalid type `{of}`")));
        };
        let of = self.data_type(&data_type, Some(1))?;
        let joined = self.joined_rows(query, false)?;
        self.cast(joined, of, None, false).map(Some)
    }

    /// `(SELECT ',' + name FROM ... ORDER BY ... FOR XML PATH(''))`: the texts of the rows one after the other. Without
    /// TYPE, SQL Server writes `&`, `<` and `>` as XML does.
    pub fn joined_rows(&mut self, query: &Query, escaped: bool) -> R<Typed> {
        const HINT: &str =
            "STRING_AGG(text, separator) WITHIN GROUP (ORDER BY ...) joins texts of several rows";
        let plain = query.with.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
        let (SetExpr::Select(select), true) = (query.body.as_ref(), plain) else {
            return Err(self.unsupported("FOR XML of such a query").with_hint(HINT));
        };
        if self.scope().in_aggregate {
            return Err(self
                .invalid("a subquery inside an aggregate")
                .with_hint("compute it in a derived table"));
        }
        let unnamed = match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(Expr::Identifier(_) | Expr::CompoundIdentifier(_))] => false,
            [SelectItem::UnnamedExpr(_)] => true,
            [SelectItem::ExprWithAlias { alias, .. }] => {
                ["text()", "*", "node()"].contains(&alias.value.as_str())
            }
            _ => false,
        };
        if !unnamed {
            return Err(self.unsupported("FOR XML with named columns").with_hint(HINT));
        }
        let order = match &query.order_by {
            None => &[][..],
            Some(OrderBy { kind: OrderByKind::Expressions(list), .. }) => list,
            Some(_) => return Err(self.unsupported("ORDER BY ALL")),
        };
        self.names.ctes.push(BTreeMap::new());
        let parts = self.select(select, order, Shape::default());
        self.names.ctes.pop();
        let parts = parts?;
        let Some(item) = parts.items.first().cloned() else {
            return Err(self.unsupported("FOR XML with named columns").with_hint(HINT));
        };
        if parts.top.percent || parts.top.ties {
            return Err(self.unsupported("TOP PERCENT or WITH TIES before FOR XML"));
        }
        let own = item.value.collated();
        let mut text = self.as_text(item.value)?;
        if escaped {
            text = format!(
                "replace(replace(replace({text}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
            );
        }
        let by = |order: &[String]| {
            if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) }
        };
        let grouped = parts.aggregates || !parts.grouping.is_empty();
        if !grouped && !parts.distinct && parts.top.rows.is_none() {
            let list = format!("group_concat({text}, ''{})", by(&parts.order_values));
            return Ok(Typed::plain(format!("({})", body_of(&parts, &list)), Type::NVARCHAR));
        }
        let mut list = vec![format!("{text} AS chatdb_text")];
        let mut keys = Vec::new();
        for (at, value) in parts.order_values.iter().enumerate() {
            let (plain, direction) = match value.strip_suffix(" DESC") {
                Some(plain) => (plain, " DESC"),
                None => (value.strip_suffix(" ASC").unwrap_or(value), ""),
            };
            if parts.distinct && plain == own {
                keys.push(format!("chatdb_text{direction}"));
            } else {
                list.push(format!("{plain} AS chatdb_key{at}"));
                keys.push(format!("chatdb_key{at}{direction}"));
            }
        }
        let mut body = body_of(&parts, &list.join(", "));
        if let Some(rows) = &parts.top.rows {
            body.push_str(&format!("{} LIMIT {rows}", by(&parts.order_values)));
        }
        let sql = format!("(SELECT group_concat(chatdb_text, ''{}) FROM ({body}))", by(&keys));
        Ok(Typed::plain(sql, Type::NVARCHAR))
    }
}

/// Whether a query ends with `FOR XML PATH('')`, which joins texts.
pub(super) fn joins_rows(query: &Query) -> bool {
    matches!(
        &query.for_clause,
        Some(ForClause::Xml {
            for_xml: ForXml::Path(Some(element)),
            elements: false,
            root: None,
            ..
        }) if element.is_empty()
    )
}
