using Orleans.Storage;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>The options of grain storage in PostgreSQL.</summary>
public sealed class PostgreSqlGrainStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>
    /// How Npgsql reaches the database, such as <c>Host=127.0.0.1;Database=orleans;Username=silo;Password=…</c>. Required. <c>Command Timeout</c> is
    /// a call's, from its beginning on (default: 30 s). Without <c>Keepalive</c> an idle connection is asked for an answer every 30 s, and
    /// without <c>No Reset On Close</c> a session is not reset between two uses.
    /// </summary>
    public string ConnectionString { get; set; } = string.Empty;

    /// <summary>The serializer of states. Default: the one registered for the storage's name, else Orleans' binary serializer.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;

    /// <summary>The setting of <see cref="ConnectionString"/>, which errors name.</summary>
    internal string ConnectionSetting { get; set; } = $"{nameof(PostgreSqlGrainStorageOptions)}.{nameof(ConnectionString)}";

    /// <summary>What asks for the storage, as the error about a missing connection string names it.</summary>
    internal string Asker { get; set; } = nameof(PostgreSqlGrainStorageSiloBuilderExtensions.AddPostgreSqlGrainStorage);

    /// <summary>The error of a wrong setting, by its sentence.</summary>
    internal static OptionsValidationException Mistake(string sentence) =>
        new(nameof(PostgreSqlGrainStorageOptions), typeof(PostgreSqlGrainStorageOptions), [sentence]);

    /// <exception cref="OptionsValidationException">It is missing, or cannot be read.</exception>
    internal string CompleteConnectionString() => string.IsNullOrWhiteSpace(ConnectionString)
        ? throw Mistake($"{ConnectionSetting} is missing; {Asker} needs it.")
        : ConnectionDefaults.Complete(ConnectionSetting, ConnectionString);
}
