namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>The grain storage's log messages: docs/telemetry.md, Events.</summary>
internal static partial class GrainStorageLog
{
    [LoggerMessage(7200, LogLevel.Information, "Grain state is in PostgreSQL: database {Database} at {Host}")]
    public static partial void Using(ILogger logger, string? database, string? host);
}
