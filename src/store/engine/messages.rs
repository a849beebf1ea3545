//! The list of SQLite's messages about a statement, with what they say in plain words.

/// A message as SQLite writes it, with `{}` for each part that varies, and what we say, with `{0}`, `{1}` and so on in
/// the places of these parts. The first that fits is taken.
pub(super) const MESSAGES: &[(&str, &str)] = &[
    // Names.
    ("no such table: {}", "there is no table `{0}`"),
    ("no such view: {}", "there is no view `{0}`"),
    ("no such index: {}", "there is no index `{0}`"),
    ("no such trigger: {}", "there is no trigger `{0}`"),
    ("no such window: {}", "there is no window `{0}`"),
    (
        "no such module: {}",
        "there is no kind of virtual table `{0}`",
    ),
    ("no such savepoint: {}", "there is no savepoint `{0}`"),
    ("no such database: {}", "there is no database `{0}`"),
    ("unknown database {}", "there is no database `{0}`"),
    (
        "no such column: \"{}\" - should this be a string literal in single-quotes?",
        "there is no column `{0}`; a text is in single quotes",
    ),
    ("no such column: {}", "there is no column `{0}`"),
    ("no such function: {}", "there is no function `{0}`"),
    ("unknown function: {}()", "there is no function `{0}`"),
    (
        "no such collation sequence: {}",
        "there is no collation `{0}`",
    ),
    (
        "ambiguous column name: {}",
        "several tables have a column `{0}`: write the table before it",
    ),
    (
        "ambiguous reference to {} in USING()",
        "several tables have a column `{0}`, which USING joins by",
    ),
    (
        "table {} has no column named {}",
        "`{0}` has no column `{1}`",
    ),
    ("duplicate column name: {}", "there are two columns `{0}`"),
    ("duplicate WITH table name: {}", "WITH has two tables `{0}`"),
    (
        "there is already a table named {}",
        "there is already a table `{0}`",
    ),
    (
        "there is already an index named {}",
        "there is already an index `{0}`",
    ),
    (
        "there is already another table or index with this name: {}",
        "there is already a table or an index `{0}`",
    ),
    ("index {} already exists", "there is already an index `{0}`"),
    (
        "trigger {} already exists",
        "there is already a trigger `{0}`",
    ),
    ("table {} already exists", "there is already a table `{0}`"),
    ("view {} already exists", "there is already a view `{0}`"),
    (
        "object name reserved for internal use: {}",
        "the name `{0}` is reserved for the database itself",
    ),
    // Syntax.
    ("near \"{}\": syntax error", "unexpected `{0}`"),
    ("syntax error near \"{}\"", "unexpected `{0}`"),
    (
        "syntax error after column name \"{}\"",
        "unexpected text after the column name `{0}`",
    ),
    ("unrecognized token: \"{}\"", "unexpected `{0}`"),
    ("unknown join type: {}", "there is no join `{0}`"),
    ("incomplete input", "the statement is not complete"),
    (
        "{} clause should come after {} not before",
        "{0} belongs after {1}, not before it",
    ),
    (
        "a JOIN clause is required before {}",
        "`{0}` needs a join before it",
    ),
    (
        "a GROUP BY clause is required before HAVING",
        "HAVING needs GROUP BY or an aggregate",
    ),
    (
        "hex literal too big: {}",
        "the number `{0}` is out of range (64 bits)",
    ),
    (
        "oversized integer: {}",
        "the number `{0}` is out of range (64 bits)",
    ),
    (
        "parser stack overflow",
        "the statement is nested too deeply",
    ),
    ("Recursion limit", "the statement is nested too deeply"),
    (
        "Expression tree is too large (maximum depth {})",
        "an expression is nested too deeply: at most {0} levels",
    ),
    (
        "Expression nested too deep",
        "an expression is nested too deeply",
    ),
    (
        "VIEWs and/or subqueries nested too deep",
        "views or subqueries are nested too deeply",
    ),
    ("triggers nested too deep", "triggers are nested too deeply"),
    // Functions.
    (
        "wrong number of arguments to function {}()",
        "`{0}` takes another number of arguments",
    ),
    (
        "too many arguments on {}() - max {}",
        "`{0}` takes at most {1} arguments",
    ),
    (
        "too many arguments on function {}",
        "`{0}` takes fewer arguments",
    ),
    (
        "misuse of aggregate: {}()",
        "`{0}` is an aggregate, which is not allowed here",
    ),
    (
        "misuse of aggregate function {}()",
        "`{0}` is an aggregate, which is not allowed here",
    ),
    (
        "misuse of aliased aggregate {}",
        "`{0}` is the result of an aggregate, which is not allowed here",
    ),
    (
        "misuse of window function {}()",
        "`{0}` is a window function, which is not allowed here",
    ),
    (
        "misuse of aliased window function {}",
        "`{0}` is the result of a window function, which is not allowed here",
    ),
    ("misuse of {} function {}()", "`{1}` is not allowed here"),
    (
        "{}() may not be used as a window function",
        "`{0}` cannot have OVER",
    ),
    (
        "not authorized to use function: {}",
        "`{0}` is not allowed here",
    ),
    ("unsafe use of {}()", "`{0}` is not allowed here"),
    (
        "unable to use function {} in the requested context",
        "`{0}` is not allowed here",
    ),
    ("'{}' is not a function", "`{0}` gives no table"),
    (
        "DISTINCT aggregates must have exactly one argument",
        "an aggregate with DISTINCT takes one argument",
    ),
    (
        "DISTINCT is not supported for window functions",
        "a function with OVER cannot have DISTINCT",
    ),
    (
        "FILTER clause may only be used with aggregate window functions",
        "FILTER is for aggregates, not for other functions with OVER",
    ),
    (
        "FILTER may not be used with non-aggregate {}()",
        "FILTER is for aggregates, and `{0}` is none",
    ),
    (
        "ORDER BY may not be used with non-aggregate {}()",
        "ORDER BY is for aggregates, and `{0}` is none",
    ),
    (
        "RAISE() may only be used within a trigger-program",
        "RAISE is allowed in triggers only",
    ),
    (
        "second argument to {}() must be a constant between 0.0 and 1.0",
        "the second argument of `{0}` must be a number from 0 to 1",
    ),
    // Queries.
    ("no tables specified", "`*` needs a table in FROM"),
    (
        "aggregate functions are not allowed in the GROUP BY clause",
        "GROUP BY cannot have an aggregate",
    ),
    (
        "HAVING clause on a non-aggregate query",
        "HAVING needs GROUP BY or an aggregate",
    ),
    (
        "sub-select returns {} columns - expected {}",
        "the subquery returns {0} columns, and {1} is expected",
    ),
    (
        "IN(...) element has {} term{} - expected {}",
        "an element of IN (...) has {0} values, and {2} are expected",
    ),
    (
        "row value misused",
        "a list of values in parentheses is not allowed here",
    ),
    (
        "SELECTs to the left and right of {} do not have the same number of result columns",
        "the queries on both sides of {0} return different numbers of columns",
    ),
    (
        "{} {} BY term out of range - should be between 1 and {}",
        "the {0} term of {1} BY is not the number of a column: these are 1 to {2}",
    ),
    (
        "{} ORDER BY term does not match any column in the result set",
        "the {0} term of ORDER BY is not a column of the result",
    ),
    (
        "too many terms in {} BY clause",
        "{0} BY has too many terms",
    ),
    (
        "too many terms in compound SELECT",
        "too many queries are joined by UNION, EXCEPT or INTERSECT",
    ),
    (
        "too many columns in result set",
        "the result has too many columns",
    ),
    ("too many columns in set list", "SET has too many columns"),
    ("too many columns in {}", "`{0}` has too many columns"),
    ("too many columns on {}", "`{0}` has too many columns"),
    (
        "at most {} tables in a join",
        "at most {0} tables can be joined",
    ),
    (
        "too many FROM clause terms, max: {}",
        "FROM has too many terms: at most {0}",
    ),
    (
        "too many RIGHT JOINs",
        "too many tables are joined by RIGHT JOIN",
    ),
    (
        "too many references to \"{}\": max 65535",
        "`{0}` is named too often",
    ),
    (
        "more than {} aggregate terms",
        "there are more than {0} aggregates",
    ),
    ("too many SQL variables", "there are too many parameters"),
    (
        "variable number must be between ?1 and ?{}",
        "the number of a parameter must be from 1 to {0}",
    ),
    (
        "a NATURAL join may not have an ON or USING clause",
        "a NATURAL join has neither ON nor USING",
    ),
    (
        "cannot join using column {} - column not present in both tables",
        "`{0}` is not a column of both tables that USING joins",
    ),
    (
        "{} references tables to its right",
        "{0} names a table that is joined after it",
    ),
    ("circular reference: {}", "`{0}` refers to itself"),
    (
        "view {} is circularly defined",
        "the view `{0}` refers to itself",
    ),
    (
        "multiple references to recursive table: {}",
        "`{0}` may refer to itself once",
    ),
    (
        "multiple recursive references: {}",
        "`{0}` may refer to itself once",
    ),
    (
        "recursive reference in a subquery: {}",
        "`{0}` may not refer to itself in a subquery",
    ),
    (
        "recursive aggregate queries not supported",
        "a query that refers to itself cannot have aggregates",
    ),
    (
        "cannot use window functions in recursive queries",
        "a query that refers to itself cannot have window functions",
    ),
    (
        "unsupported frame specification",
        "these bounds of a window do not go together",
    ),
    (
        "RANGE with offset PRECEDING/FOLLOWING requires one ORDER BY expression",
        "RANGE with a number needs one term in ORDER BY",
    ),
    (
        "frame starting offset must be a non-negative {}",
        "the start of a window must be a number from 0",
    ),
    (
        "frame ending offset must be a non-negative {}",
        "the end of a window must be a number from 0",
    ),
    (
        "cannot override {} of window: {}",
        "the window `{1}` has its own {0}",
    ),
    (
        "unsupported use of NULLS {}",
        "NULLS {0} is not allowed here",
    ),
    // Changes.
    (
        "table {} has {} columns but {} values were supplied",
        "`{0}` has {1} columns, and {2} values are given",
    ),
    (
        "table {} has {} values for {} columns",
        "`{0}` has {1} values for {2} columns",
    ),
    (
        "{} values for {} columns",
        "there are {0} values for {1} columns",
    ),
    (
        "{} columns assigned {} values",
        "{0} columns are set to {1} values",
    ),
    (
        "expected {} columns for '{}' but got {}",
        "`{1}` needs {0} columns, and has {2}",
    ),
    (
        "all VALUES must have the same number of terms",
        "the rows of VALUES have different numbers of values",
    ),
    (
        "cannot INSERT into generated column \"{}\"",
        "the column `{0}` is computed and cannot be set",
    ),
    (
        "cannot UPDATE generated column \"{}\"",
        "the column `{0}` is computed and cannot be set",
    ),
    (
        "cannot modify {} because it is a view",
        "`{0}` is a view and cannot be changed",
    ),
    ("cannot UPSERT a view", "a view cannot be changed"),
    (
        "{}ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint",
        "ON CONFLICT names columns that need not be unique",
    ),
    (
        "target object/alias may not appear in FROM clause: {}",
        "`{0}` is changed and cannot be in FROM as well",
    ),
    (
        "RETURNING may not use \"TABLE.*\" wildcards",
        "RETURNING cannot have a table's `*`",
    ),
    (
        "table {} may not be modified",
        "the table `{0}` cannot be changed",
    ),
    (
        "table {} may not be dropped",
        "the table `{0}` cannot be dropped",
    ),
    (
        "table {} may not be altered",
        "the table `{0}` cannot be altered",
    ),
    (
        "table {} may not be indexed",
        "the table `{0}` cannot have an index",
    ),
    (
        "view {} may not be altered",
        "the view `{0}` cannot be altered",
    ),
    ("views may not be indexed", "a view cannot have an index"),
    (
        "use DROP TABLE to delete table {}",
        "`{0}` is a table: use DROP TABLE",
    ),
    (
        "use DROP VIEW to delete view {}",
        "`{0}` is a view: use DROP VIEW",
    ),
    // Definitions.
    (
        "table \"{}\" has more than one primary key",
        "`{0}` has two primary keys",
    ),
    (
        "PRIMARY KEY missing on table {}",
        "`{0}` has no primary key",
    ),
    (
        "AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY",
        "AUTOINCREMENT is for an INTEGER PRIMARY KEY",
    ),
    (
        "AUTOINCREMENT not allowed on WITHOUT ROWID tables",
        "a table WITHOUT ROWID cannot have AUTOINCREMENT",
    ),
    (
        "default value of column [{}] is not constant",
        "the default of the column `{0}` is not a constant",
    ),
    (
        "must have at least one non-generated column",
        "a table needs a column that is not computed",
    ),
    (
        "generated column loop on \"{}\"",
        "the column `{0}` is computed from itself",
    ),
    (
        "generated columns cannot be part of the PRIMARY KEY",
        "a computed column cannot be in the primary key",
    ),
    (
        "cannot use DEFAULT on a generated column",
        "a computed column cannot have a default",
    ),
    (
        "error in generated column \"{}\"",
        "the column `{0}` cannot be computed",
    ),
    (
        "expressions prohibited in PRIMARY KEY and UNIQUE constraints",
        "PRIMARY KEY and UNIQUE take columns, not expressions",
    ),
    (
        "unknown column \"{}\" in foreign key definition",
        "there is no column `{0}`, which a foreign key names",
    ),
    (
        "number of columns in foreign key does not match the number of columns in the referenced table",
        "a foreign key has another number of columns than the table that it refers to",
    ),
    (
        "foreign key on {} should reference only one column of table {}",
        "the foreign key `{0}` refers to several columns of `{1}`",
    ),
    (
        "foreign key mismatch - \"{}\" referencing \"{}\"",
        "a foreign key of `{0}` refers to columns of `{1}` that need not be unique",
    ),
    ("missing datatype for {}", "`{0}` has no type"),
    (
        "unknown datatype for {}: \"{}\"",
        "`{0}` has the unknown type `{1}`",
    ),
    ("unknown table option: {}", "there is no table option `{0}`"),
    (
        "parameters are not allowed in views",
        "a view cannot have parameters",
    ),
    ("{} cannot use variables", "a {0} cannot have parameters"),
    ("{} prohibited in {}", "{0} are not allowed in {1}"),
    (
        "index associated with UNIQUE or PRIMARY KEY constraint cannot be dropped",
        "this index belongs to its table",
    ),
    ("access to {} is prohibited", "`{0}` cannot be read here"),
    ("not authorized", "it is not allowed here"),
    // Transactions.
    (
        "cannot start a transaction within a transaction",
        "a transaction is open already",
    ),
    (
        "cannot commit - no transaction is active",
        "there is no transaction to commit",
    ),
    (
        "cannot rollback - no transaction is active",
        "there is no transaction to roll back",
    ),
    // Values.
    (
        "integer overflow",
        "a whole number is out of range (64 bits)",
    ),
    ("malformed JSON", "a text is not JSON"),
    (
        "JSON cannot hold BLOB values",
        "JSON cannot hold binary data",
    ),
    ("JSON nested too deep", "JSON is nested too deeply"),
    ("bad JSON path: {}", "{0} is not a path in JSON"),
    (
        "JSON path error near '{}'",
        "a path in JSON is wrong at `{0}`",
    ),
    (
        "json_object() requires an even number of arguments",
        "`json_object` takes pairs of a name and a value",
    ),
    (
        "json_object() labels must be TEXT",
        "the names of `json_object` must be texts",
    ),
    (
        "{}() needs an odd number of arguments",
        "`{0}` takes pairs of a path and a value after the JSON",
    ),
    (
        "FLAGS parameter to json_valid() must be between 1 and 15",
        "the second argument of `json_valid` must be from 1 to 15",
    ),
    (
        "ESCAPE expression must be a single character",
        "ESCAPE takes a single character",
    ),
    (
        "LIKE or GLOB pattern too complex",
        "the pattern of LIKE or GLOB is too long",
    ),
    (
        "argument of ntile must be a positive integer",
        "`ntile` takes a whole number from 1",
    ),
    (
        "second argument to nth_value must be a positive integer",
        "the second argument of `nth_value` must be a whole number from 1",
    ),
    ("percentile() {}", "`percentile`: {0}"),
    ("invalid Unicode escape", "a Unicode escape is not valid"),
    (
        "unwinding panic",
        "a function of chatdb stopped unexpectedly",
    ),
    ("local time unavailable", "there is no local time"),
    ("string or blob too big", "a text or a row is too long"),
    (
        "cannot store {} value in {} column {}",
        "a value of type {0} does not fit into the column `{2}` of type {1}",
    ),
    (
        "datatype mismatch",
        "a row needs a whole number for its key",
    ),
    ("NOT NULL constraint failed: {}", "`{0}` cannot be NULL"),
    (
        "CHECK constraint failed: {}",
        "a row violates the constraint `{0}` of its table",
    ),
    (
        "FOREIGN KEY constraint failed",
        "a row refers to a row that does not exist",
    ),
    (
        "database table is locked: {}",
        "the table `{0}` is being read",
    ),
    ("out of memory", "there is not enough memory"),
];
