using KadOrleans.Edge.Configuration;

namespace KadOrleans.Edge.Hosting;

/// <summary>Tries to reach a silo for as long as the process lives, and says so once a minute.</summary>
internal sealed class PatientConnection(
    TimeProvider time, IConfiguration configuration, ILogger<PatientConnection> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private long? _loggedAt;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_loggedAt is not { } at || time.GetElapsedTime(at) >= LogInterval)
        {
            _loggedAt = time.GetTimestamp();
            logger.SilosNotFound(ClusterConnection.SettingOf(configuration), exception.Message);
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }
}
