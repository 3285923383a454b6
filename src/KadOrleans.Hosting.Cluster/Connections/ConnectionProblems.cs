using System.Globalization;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Hosting.Cluster.Connections;

/// <summary>Logs why connections failed: each kind at most once a minute.</summary>
internal sealed class ConnectionProblems
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Guards _told and _last.
    private readonly Lock _gate = new();
    private readonly Dictionary<ConnectionProblem, (long At, long Since)> _told = [];
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private string? _last;

    internal ConnectionProblems(TimeProvider time, ILogger<ConnectionProblems> logger) => (_time, _logger) = (time, logger);

    /// <summary>The last problem, as a sentence. Null if there was none.</summary>
    public string? Last
    {
        get
        {
            lock (_gate)
            {
                return _last;
            }
        }
    }

    internal void Add(ConnectionProblem kind, string sentence)
    {
        long more;
        lock (_gate)
        {
            _last = sentence;
            if (_told.TryGetValue(kind, out var told) && _time.GetElapsedTime(told.At) < Interval)
            {
                _told[kind] = (told.At, told.Since + 1);
                return;
            }

            more = told.Since;
            _told[kind] = (_time.GetTimestamp(), 0);
        }

        _logger.ConnectionRefused(sentence, more == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" {more} more such connections came since the last such line."));
    }
}

/// <summary>The kinds of failed connections.</summary>
internal enum ConnectionProblem
{
    /// <summary>The remote certificate is not accepted.</summary>
    CertificateRefused,

    /// <summary>The handshake failed for another reason.</summary>
    HandshakeFailed,

    /// <summary>The remote side ended the connection before its first message.</summary>
    EndedEarly,
}

/// <summary>The log message of failed connections. Event id 7402, among those of TLS.</summary>
internal static partial class ConnectionLog
{
    [LoggerMessage(7402, LogLevel.Warning, "{Problem}{More}")]
    public static partial void ConnectionRefused(this ILogger logger, string problem, string more);
}
