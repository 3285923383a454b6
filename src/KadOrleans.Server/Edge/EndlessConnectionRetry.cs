using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Edge.Hosting;

/// <summary>Retries the connection to the silos for the life of the process, and logs that once a minute.</summary>
internal sealed class EndlessConnectionRetry(
    TimeProvider time, KadOptions settings, ILogger<EndlessConnectionRetry> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private long? _loggedAt;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_loggedAt is not { } at || time.GetElapsedTime(at) >= LogInterval)
        {
            _loggedAt = time.GetTimestamp();
            logger.SilosNotFound(ClusterProviders.SettingOf(settings), exception.Message);
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }
}

/// <summary>The edge process's log messages. Event ids 7300 to 7399.</summary>
internal static partial class EdgeHostLog
{
    [LoggerMessage(7300, LogLevel.Information, "Health is served on http://{Address}")]
    public static partial void StatusServed(this ILogger logger, System.Net.IPEndPoint address);

    [LoggerMessage(7301, LogLevel.Warning, "No silo has been reached yet by {Setting}; retrying each second: {Problem}")]
    public static partial void SilosNotFound(this ILogger logger, string setting, string problem);

    [LoggerMessage(7302, LogLevel.Warning, "/status is not served: {Address} is reached from other machines")]
    public static partial void StatusNotServed(this ILogger logger, System.Net.IPEndPoint address);
}
