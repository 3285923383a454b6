using KadOrleans.Edge.Configuration;
using Npgsql;

namespace KadOrleans.Edge.Hosting;

/// <summary>Finds a connection string that can never work: an edge would wait for its silos for ever.</summary>
internal static class PostgreSqlCheck
{
    /// <summary>Checks the setting, if it is there.</summary>
    /// <exception cref="ConfigurationException">It cannot be read; its value, which may have a password, is not told.</exception>
    public static void Run(IConfiguration configuration)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(configuration[ClusterConnection.PostgreSqlSetting]);
        }
        catch (ArgumentException mistake)
        {
            throw new ConfigurationException(
                mistake.ParamName is { Length: > 0 } key
                    ? $"{ClusterConnection.PostgreSqlSetting} has the key '{key}', which is unknown or has a value of the wrong kind; keys such as Host, Port, Database, Username and Password are allowed."
                    : $"{ClusterConnection.PostgreSqlSetting} cannot be read: {mistake.Message.TrimEnd('.')}; NAME=VALUE with semicolons between is needed, such as Host=127.0.0.1;Database=orleans.",
                mistake);
        }
    }
}
