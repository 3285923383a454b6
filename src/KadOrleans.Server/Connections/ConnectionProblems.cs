using System.Collections.Concurrent;

namespace KadOrleans.Server;

/// <summary>Logs why connections failed: each kind at most once a minute, as strangers cause them.</summary>
internal sealed class ConnectionProblems(TimeProvider time, ILogger<ConnectionProblems> logger)
{
    private readonly ConcurrentDictionary<string, LogPause> _pauses = [];

    public void Add(string kind, string sentence)
    {
        if (_pauses.GetOrAdd(kind, _ => new LogPause()).TryLog(time.GetElapsedTime(0)))
        {
            SiloLog.ConnectionRefused(logger, sentence);
        }
    }
}
