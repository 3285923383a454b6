using System.Data.Common;
using System.Net.Sockets;
using KadOrleans.GrainStorage.Sqlite;
using KadOrleans.Hosting;
using KadOrleans.Silo.PostgreSql;
using KadOrleans.Transport.Udp;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;

namespace KadOrleans.Silo.Hosting;

/// <summary>Explains a failed start: the exit code and a sentence.</summary>
internal static class StartFailure
{
    // Without a host it was not built yet.
    public static (int Code, string Sentence) Explain(Exception exception, IHost? host)
    {
        foreach (var cause in Chain(exception))
        {
            switch (cause)
            {
                case GrainDatabaseException:
                    return (ExitCode.WrongUsage, cause.Message);
                case TransportException:
                    return (ExitCode.WrongUsage, $"Kad:Edge:Listen: {cause.Message}");
                case InvalidOperationException when cause.Message.StartsWith("Kad:", StringComparison.Ordinal):
                    // A setting that only the cluster could judge.
                    return (ExitCode.WrongUsage, cause.Message);
                case OptionsValidationException mistakes:
                    return (ExitCode.WrongUsage, string.Join(" ", mistakes.Failures));
                case OrleansConfigurationException:
                    return (ExitCode.WrongUsage, Sentence(cause.Message));
                case SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable }:
                    return (ExitCode.WrongUsage, Taken(exception, host));
                case DbException { SqlState: PostgresErrorCodes.UndefinedTable }:
                    return (ExitCode.WrongUsage, $"{SchemaCheck.Missing}: {Sentence(cause.Message)}");
                case DbException:
                    var reason = cause.GetBaseException() is var root && root != cause ? $" ({root.Message})" : string.Empty;
                    return (ExitCode.Failed, $"Kad:PostgreSql:ConnectionString: the cluster's database failed: {Sentence(cause.Message + reason)}");
                case { } when cause.GetType().FullName!.StartsWith("Azure.", StringComparison.Ordinal):
                    return (ExitCode.Failed, $"{AzureSetting(host)}: Azure Storage failed: {Sentence(Beginning(cause.Message))}");
                default:
                    break;
            }
        }

        return (ExitCode.Failed, Failed(exception));
    }

    /// <summary>The sentence for a failure that is not a user's mistake.</summary>
    public static string Failed(Exception exception) => $"The silo failed: {Sentence(exception.GetBaseException().Message)}";

    // Kestrel's message has its address. Orleans' message does not have its two ports.
    private static string Taken(Exception exception, IHost? host)
    {
        return exception is IOException || host?.Services.GetService<IOptions<EndpointOptions>>()?.Value is not { } ports
            ? $"Kad:Http: the address cannot be listened on: {Sentence(exception.Message)}"
            : $"Kad:Silo:Port {ports.SiloPort} or Kad:Silo:GatewayPort {ports.GatewayPort} cannot be listened on: {Sentence(exception.Message)}";
    }

    private static string AzureSetting(IHost? host) =>
        host?.Services.GetService<IConfiguration>()?["Kad:Azure:ConnectionString"] is { Length: > 0 }
            ? "Kad:Azure:ConnectionString"
            : "Kad:Azure:BlobServiceUri or Kad:Azure:TableServiceUri";

    // The first lines: what failed, and the status. Azure's messages continue with the whole response.
    private static string Beginning(string message) => string.Join(' ', message.ReplaceLineEndings("\n").Trim().Split('\n').Take(2));

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }

    private static string Sentence(string message) => $"{Phrases.Of(message)}.";
}
