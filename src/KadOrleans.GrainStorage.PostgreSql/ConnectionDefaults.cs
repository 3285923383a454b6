using Npgsql;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>What a connection string to PostgreSQL gets where it says nothing.</summary>
internal static class ConnectionDefaults
{
    /// <summary>The driver asks an idle connection for an answer after so many seconds. Clouds cut those that are idle for some minutes.</summary>
    public const int Keepalive = 30;

    // Connections keep their state between two uses, which nobody here changes. By default the driver sends DISCARD ALL before the next
    // use, which drops the plans of the function that writes states.
    /// <exception cref="OptionsValidationException">The setting's connection string cannot be read.</exception>
    public static string Complete(string setting, string connectionString)
    {
        var connection = Read(setting, connectionString);
        if (!connection.ShouldSerialize("Keepalive"))
        {
            connection.KeepAlive = Keepalive;
        }

        if (!connection.ShouldSerialize("No Reset On Close"))
        {
            connection.NoResetOnClose = true;
        }

        return connection.ConnectionString;
    }

    // Checked here, as Orleans would fail later, in each of its providers, with unclear errors. An edge would wait for silos for ever.
    /// <exception cref="OptionsValidationException">The setting's connection string cannot be read.</exception>
    public static NpgsqlConnectionStringBuilder Read(string setting, string? connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException mistake)
        {
            // The value may contain a password, so the error leaves it out.
            throw PostgreSqlGrainStorageOptions.Mistake(mistake.ParamName is { Length: > 0 } key
                ? $"{setting} has the key '{key}', which is unknown or has a value of the wrong kind; keys such as Host, Port, Database, Username and Password are allowed."
                : $"{setting} cannot be read: {mistake.Message.TrimEnd('.')}; NAME=VALUE with semicolons between is needed, such as Host=127.0.0.1;Database=orleans.");
        }
    }
}
