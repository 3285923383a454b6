namespace KadOrleans.Http;

internal sealed class PostgreSqlOptions
{
    public string? ConnectionString { get; set; }
}
