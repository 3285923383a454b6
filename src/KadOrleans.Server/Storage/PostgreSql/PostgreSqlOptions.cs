namespace KadOrleans.Server;

/// <summary>How the database is reached: the section <c>Kad:PostgreSql</c>.</summary>
internal sealed class PostgreSqlOptions
{
    public const string Section = "PostgreSql";

    public const string ConnectionSetting = $"Kad:{Section}:{nameof(ConnectionString)}";

    /// <summary>As Npgsql reads it.</summary>
    public string? ConnectionString { get; set; }
}
