namespace KadOrleans.Silo.PostgreSql;

/// <summary>A unique index of a table, as PostgreSQL describes it.</summary>
/// <param name="Keys">What it is over: columns and expressions, as <c>pg_get_indexdef</c> writes them.</param>
/// <param name="TakesNullsAsEqual">Whether two rows with null in the same column are equal to it.</param>
internal sealed record UniqueIndex(IReadOnlyList<string> Keys, bool TakesNullsAsEqual);
