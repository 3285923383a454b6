using System.Net.Sockets;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>Explains a failed start of a silo or an edge: the exit code and a sentence, or one for each wrong setting.</summary>
internal static class StartFailure
{
    /// <summary>The exit code, and sentences that are safe to print. The host is null if it was not built yet.</summary>
    public static (int Code, string Sentences) Explain(string process, Exception exception, KadProviders providers, IHost? host)
    {
        (int, IEnumerable<string>)? found = null;
        for (Exception? cause = exception; cause is not null && found is null; cause = cause.InnerException)
        {
            found = Classify(cause, process, exception, host) ?? OfStorage(cause, providers, host);
        }

        var (code, sentences) = found ?? (ExitCode.Failed, [Failed(process, exception)]);
        return (code, string.Join(Environment.NewLine, sentences.Select(VisibleText.Show)));
    }

    public static string Failed(string process, Exception exception) =>
        VisibleText.Show($"The {process} failed: {Phrases.ReasonOf(exception)}.");

    private static (int Code, IEnumerable<string> Sentences)? Classify(Exception cause, string process, Exception whole, IHost? host) => cause switch
    {
        TransportException => (ExitCode.WrongUsage, [$"Kad:Edge:Listen: {cause.Message}"]),

        // A setting that only the cluster could judge.
        InvalidOperationException when NamesSetting(cause.Message) => (ExitCode.WrongUsage, [cause.Message]),

        // A file of settings that is no JSON. The message has its path.
        InvalidDataException { InnerException: FormatException } => (ExitCode.WrongUsage, [$"{Phrases.Of(cause.Message)}: {Phrases.ReasonOf(cause)}."]),

        // The framework's message has the value, and not the setting.
        InvalidOperationException when cause.Message.StartsWith("Configuration value '", StringComparison.Ordinal) => (ExitCode.WrongUsage,
            [$"Logging:LogLevel, or that of a provider: {Sentence(cause.Message)} {string.Join(", ", Enum.GetNames<LogLevel>())} are allowed."]),
        OptionsValidationException mistakes => (ExitCode.WrongUsage, mistakes.Failures),
        OrleansConfigurationException => (ExitCode.WrongUsage, [Sentence(cause.Message)]),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable or SocketError.AccessDenied } =>
            (ExitCode.WrongUsage, [Taken(process, whole, host)]),
        _ => null,
    };

    // Kestrel's message has its address. Orleans' message does not have its two ports, which an edge does not open.
    private static string Taken(string process, Exception exception, IHost? host) =>
        exception is IOException || process == "edge" || host?.Services.GetService<IOptions<EndpointOptions>>()?.Value is not { } ports
            ? $"Kad:Http: the address cannot be listened on: {Sentence(exception.Message)} Another one is needed, or port 0 for any."
            : $"Kad:Silo:Port {ports.SiloPort} or Kad:Silo:GatewayPort {ports.GatewayPort} cannot be listened on: {Sentence(exception.Message)}";

    private static (int Code, IEnumerable<string> Sentences)? OfStorage(Exception cause, KadProviders providers, IHost? host)
    {
        if (providers.Explain(cause) is not { } failed)
        {
            return null;
        }

        var (storage, fault) = failed;
        if (fault.IsMistake)
        {
            return (ExitCode.WrongUsage, [fault.Message]);
        }

        var noted = host?.Services.GetService<IConfiguration>() is { } filled ? OrleansSettings.SettingsOf(filled, storage) : string.Empty;
        return (ExitCode.Failed, [$"{(noted.Length > 0 ? noted : fault.Setting)}: {fault.What} failed: {Sentence(fault.Message)}"]);
    }

    private static string Sentence(string message) => $"{Phrases.Of(message)}.";

    private static bool NamesSetting(string message) =>
        message.StartsWith("Kad:", StringComparison.Ordinal) || message.StartsWith("Orleans:", StringComparison.Ordinal);
}
