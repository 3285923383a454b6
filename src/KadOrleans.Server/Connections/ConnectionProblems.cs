
namespace KadOrleans.Hosting.Cluster.Connections;

/// <summary>Logs why connections failed: each kind at most once a minute, as strangers cause them.</summary>
internal sealed class ConnectionProblems(TimeProvider time, ILogger<ConnectionProblems> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Guards the dictionary.
    private readonly Lock _gate = new();
    private readonly Dictionary<ConnectionProblem, long> _loggedAt = [];

    public void Add(ConnectionProblem kind, string sentence)
    {
        lock (_gate)
        {
            if (_loggedAt.TryGetValue(kind, out var at) && time.GetElapsedTime(at) < Interval)
            {
                return;
            }

            _loggedAt[kind] = time.GetTimestamp();
        }

        logger.ConnectionRefused(sentence);
    }
}

/// <summary>The kinds of failed connections.</summary>
internal enum ConnectionProblem
{
    /// <summary>The remote certificate is not accepted.</summary>
    CertificateRefused,

    /// <summary>The remote side ended the connection before its first message.</summary>
    EndedEarly,
}

/// <summary>The log message of failed connections. Event id 7402, among those of TLS.</summary>
internal static partial class ConnectionLog
{
    [LoggerMessage(7402, LogLevel.Warning, "{Problem}")]
    public static partial void ConnectionRefused(this ILogger logger, string problem);
}
