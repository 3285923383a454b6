namespace KadOrleans.Hosting;

public sealed class PostgreSqlOptions
{
    public string? ConnectionString { get; set; }
}
