using System.Data.Common;
using System.Net.Sockets;
using KadOrleans.GrainStorage.Sqlite;
using Npgsql;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>Explains a failed start of a silo or an edge: the exit code and a sentence, or one for each wrong setting.</summary>
internal static class StartFailure
{
    private const string AzureAddresses = "Kad:Azure:BlobServiceUri or Kad:Azure:TableServiceUri";

    /// <summary>The exit code, and sentences that are safe to print. The host is null if it was not built yet.</summary>
    public static (int Code, string Sentences) Explain(string process, Exception exception, IHost? host)
    {
        (int, IEnumerable<string>)? found = null;
        for (Exception? cause = exception; cause is not null && found is null; cause = cause.InnerException)
        {
            found = Judge(cause, process, exception, host);
        }

        var (code, sentences) = found ?? (ExitCode.Failed, [Failed(process, exception)]);
        return (code, string.Join(Environment.NewLine, sentences.Select(VisibleText.Show)));
    }

    public static string Failed(string process, Exception exception) =>
        VisibleText.Show($"The {process} failed: {Phrases.ReasonOf(exception)}.");

    private static (int Code, IEnumerable<string> Sentences)? Judge(Exception cause, string process, Exception whole, IHost? host) => cause switch
    {
        GrainDatabaseException => (ExitCode.WrongUsage, [cause.Message]),
        TransportException => (ExitCode.WrongUsage, [$"Kad:Edge:Listen: {cause.Message}"]),

        // A setting that only the cluster could judge.
        InvalidOperationException when cause.Message.StartsWith("Kad:", StringComparison.Ordinal) => (ExitCode.WrongUsage, [cause.Message]),

        // A file of settings that is no JSON. The message has its path.
        InvalidDataException { InnerException: FormatException } => (ExitCode.WrongUsage, [$"{Phrases.Of(cause.Message)}: {Phrases.ReasonOf(cause)}."]),
        OptionsValidationException mistakes => (ExitCode.WrongUsage, mistakes.Failures),
        OrleansConfigurationException => (ExitCode.WrongUsage, [Sentence(cause.Message)]),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable or SocketError.AccessDenied } =>
            (ExitCode.WrongUsage, [Taken(process, whole, host)]),
        DbException { SqlState: PostgresErrorCodes.UndefinedTable } =>
            (ExitCode.WrongUsage, [$"{SchemaCheck.Missing}: {Sentence(cause.Message)}"]),
        DbException => StorageFailed(host, StorageNames.PostgreSql, PostgreSqlProvider.Setting, "the cluster's database", WithRoot(cause)),
        _ when cause.GetType().FullName!.StartsWith("StackExchange.Redis.", StringComparison.Ordinal) =>
            StorageFailed(host, StorageNames.Redis, RedisOptions.ConnectionSetting, "Redis", Beginning(WithRoot(cause))),
        _ when cause.GetType().FullName!.StartsWith("Azure.", StringComparison.Ordinal) =>
            StorageFailed(host, StorageNames.AzureStorage, AzureAddresses, "Azure Storage", Beginning(cause.Message)),
        _ => null,
    };

    private static string WithRoot(Exception cause) =>
        cause.GetBaseException() is var root && root != cause ? $"{cause.Message} ({root.Message})" : cause.Message;

    // Kestrel's message has its address. Orleans' message does not have its two ports, which an edge does not open.
    private static string Taken(string process, Exception exception, IHost? host) =>
        exception is IOException || process == "edge" || host?.Services.GetService<IOptions<EndpointOptions>>()?.Value is not { } ports
            ? $"Kad:Http: the address cannot be listened on: {Sentence(exception.Message)}"
            : $"Kad:Silo:Port {ports.SiloPort} or Kad:Silo:GatewayPort {ports.GatewayPort} cannot be listened on: {Sentence(exception.Message)}";

    private static (int Code, IEnumerable<string> Sentences) StorageFailed(
        IHost? host, string storage, string unlessNoted, string name, string message)
    {
        var noted = host?.Services.GetService<IConfiguration>() is { } filled ? OrleansSettings.SettingsOf(filled, storage) : string.Empty;
        return (ExitCode.Failed, [$"{(noted.Length > 0 ? noted : unlessNoted)}: {name} failed: {Sentence(message)}"]);
    }

    // The first lines: what failed, and the status. Azure's messages continue with the whole response.
    private static string Beginning(string message) => string.Join(' ', message.ReplaceLineEndings("\n").Trim().Split('\n').Take(2));

    private static string Sentence(string message) => $"{Phrases.Of(message)}.";
}
