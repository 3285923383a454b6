using System.Data.Common;
using System.Net.Sockets;
using KadOrleans.GrainStorage.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>Explains a failed start of a silo or an edge: the exit code and a sentence, or one for each wrong setting.</summary>
internal static class StartFailure
{
    /// <summary>The exit code, and sentences that are safe to print.</summary>
    /// <param name="process">What the process is called in sentences.</param>
    /// <param name="exception">Why it did not start.</param>
    /// <param name="host">Its host. Null: it was not built yet.</param>
    public static (int Code, string Sentences) Explain(string process, Exception exception, IHost? host)
    {
        var (code, sentences) = Find(process, exception, host);
        return (code, string.Join(Environment.NewLine, sentences.Select(VisibleText.Show)));
    }

    /// <summary>The sentence for a failure that is not a user's mistake.</summary>
    public static string Failed(string process, Exception exception) =>
        VisibleText.Show($"The {process} failed: {Phrases.ReasonOf(exception)}.");

    private static (int Code, IEnumerable<string> Sentences) Find(string process, Exception exception, IHost? host)
    {
        foreach (var cause in Chain(exception))
        {
            switch (cause)
            {
                case GrainDatabaseException:
                    return (ExitCode.WrongUsage, [cause.Message]);
                case TransportException:
                    return (ExitCode.WrongUsage, [$"Kad:Edge:Listen: {cause.Message}"]);
                case InvalidOperationException when cause.Message.StartsWith("Kad:", StringComparison.Ordinal):
                    // A setting that only the cluster could judge.
                    return (ExitCode.WrongUsage, [cause.Message]);
                case OptionsValidationException mistakes:
                    return (ExitCode.WrongUsage, mistakes.Failures);
                case OrleansConfigurationException:
                    return (ExitCode.WrongUsage, [Sentence(cause.Message)]);
                case SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable }:
                    return (ExitCode.WrongUsage, [Taken(exception, host)]);
                case DbException { SqlState: PostgresErrorCodes.UndefinedTable }:
                    return (ExitCode.WrongUsage, [$"{SchemaCheck.Missing}: {Sentence(cause.Message)}"]);
                case DbException:
                    var reason = cause.GetBaseException() is var root && root != cause ? $" ({root.Message})" : string.Empty;
                    return (ExitCode.Failed, [$"Kad:PostgreSql:ConnectionString: the cluster's database failed: {Sentence(cause.Message + reason)}"]);
                case { } when cause.GetType().FullName!.StartsWith("Azure.", StringComparison.Ordinal):
                    return (ExitCode.Failed, [$"{AzureSetting(host)}: Azure Storage failed: {Sentence(Beginning(cause.Message))}"]);
                default:
                    break;
            }
        }

        return (ExitCode.Failed, [Failed(process, exception)]);
    }

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

/// <summary>Runs a started host until a signal stops it, and bounds the time of the stop.</summary>
internal static class OrderlyStop
{
    /// <summary>
    /// The extra time of a stop after its <see cref="HostOptions.ShutdownTimeout"/>, which Orleans ignores in some retried writes, such as
    /// that of the membership table.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>Waits for SIGTERM or Ctrl-C and stops the host.</summary>
    /// <exception cref="StopException">The host did not stop in time. The process must end without disposing it.</exception>
    public static async Task RunAsync(IHost host)
    {
        await host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.UntilCancelledAsync();
        try
        {
            await host.StopAsync().WaitAsync(KadOptions.SiloShutdownTimeout + Grace);
        }
        catch (Exception e)
        {
            throw new StopException(
                "The silo could not leave the cluster in order, most likely as its storage or the other silos do not answer. "
                + "What was acknowledged is in storage; its grains come up elsewhere when it has been declared dead.",
                e);
        }
    }
}

/// <summary>
/// Ends the process with a sentence and an exit code, instead of a crash, when Orleans reports a fatal error. The usual one: the other
/// silos declared this one dead.
/// </summary>
internal sealed class FatalError(IServiceProvider services) : IFatalErrorHandler
{
    private readonly TaskCompletionSource<StopException> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception) => _ended.TrySetResult(
        services.GetRequiredService<ISiloStatusOracle>().CurrentStatus == SiloStatus.Dead
            ? new StopException(
                "The other silos declared this one dead, as they could not reach it. Its grains start on them, and what was "
                + "acknowledged is in storage; start it again.",
                exception,
                ExitCode.Replaced)
            : new StopException($"The silo failed: {(exception?.GetBaseException().Message ?? context ?? "no reason given").TrimEnd('.')}.", exception));

    /// <summary>Waits for a task, or for a fatal error of the silo.</summary>
    /// <exception cref="StopException">A fatal error of the silo. The process must end without disposing the host.</exception>
    public async Task UnlessAsync(Task task)
    {
        if (await Task.WhenAny(task, _ended.Task) == _ended.Task)
        {
            throw await _ended.Task;
        }

        await task;
    }
}

/// <summary>The silo did not stop normally. The message is a sentence for the operator.</summary>
internal sealed class StopException(string message, Exception? innerException = null, int code = ExitCode.Failed)
    : Exception(message, innerException)
{
    /// <summary>The process's exit code, one of <see cref="ExitCode"/>.</summary>
    public int Code => code;
}
