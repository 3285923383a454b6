namespace KadOrleans.Server;

/// <summary>Logs why connections failed: each kind at most once a minute, as strangers cause them.</summary>
public sealed class ConnectionProblems(TimeProvider time, ILogger<ConnectionProblems> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Guards the dictionary.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _loggedAt = [];

    public void Add(string kind, string sentence)
    {
        lock (_gate)
        {
            if (_loggedAt.TryGetValue(kind, out var at) && time.GetElapsedTime(at) < Interval)
            {
                return;
            }

            _loggedAt[kind] = time.GetTimestamp();
        }

        SiloLog.ConnectionRefused(logger, sentence);
    }
}
