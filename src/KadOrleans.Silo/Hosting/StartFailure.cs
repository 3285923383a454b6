using System.Net.Sockets;
using KadOrleans.Transport.Udp;
using KadOrleans.Silo.Configuration;
using KadOrleans.Silo.Storage;
using Microsoft.Extensions.Options;

namespace KadOrleans.Silo.Hosting;

/// <summary>What a failed start is called, and whose fault it was.</summary>
internal static class StartFailure
{
    /// <summary>The exit code and the sentence.</summary>
    public static (int Code, string Sentence) Explain(Exception exception)
    {
        foreach (var cause in Chain(exception))
        {
            switch (cause)
            {
                case ConfigurationMistakeException or GrainDatabaseException or TransportException:
                    return (ExitCode.WrongUsage, cause.Message);
                case InvalidOperationException when cause.Message.StartsWith("Kad:", StringComparison.Ordinal):
                    // What only the cluster could tell of a setting.
                    return (ExitCode.WrongUsage, cause.Message);
                case OptionsValidationException mistakes:
                    return (ExitCode.WrongUsage, mistakes.Failures.First());
                case OrleansConfigurationException:
                    return (ExitCode.WrongUsage, Sentence(cause.Message));
                case SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable }:
                    return (ExitCode.WrongUsage, $"An address cannot be listened on: {Sentence(exception.Message)}");
                default:
                    break;
            }
        }

        return (ExitCode.Failed, $"The silo did not start: {Sentence(exception.GetBaseException().Message)}");
    }

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }

    private static string Sentence(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ') + ".";
}
