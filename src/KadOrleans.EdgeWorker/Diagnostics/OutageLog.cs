using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Diagnostics;

/// <summary>Says that shards do not answer, once per ten seconds however many requests fail on it.</summary>
internal sealed class OutageLog(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // Guards _lastLine and _failed.
    private readonly Lock _gate = new();
    private long? _lastLine;
    private long _failed;

    public void Add(string shard, int count, Exception? cause)
    {
        long failed;
        lock (_gate)
        {
            _failed += count;
            if (_lastLine is { } last && time.GetElapsedTime(last) < Interval)
            {
                return;
            }

            (failed, _failed) = (_failed, 0);
            _lastLine = time.GetTimestamp();
        }

        logger.ShardsFailed(cause, shard, failed);
    }
}
