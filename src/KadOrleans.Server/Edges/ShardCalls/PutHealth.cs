namespace KadOrleans.Server;

/// <summary>Whether shards fail all puts, by the outcomes so far. Safe for several threads.</summary>
internal sealed class PutHealth(TimeProvider time)
{
    /// <summary>How long all puts must have failed: the shards of a silo that died are back sooner.</summary>
    public static readonly TimeSpan LeastOutage = TimeSpan.FromSeconds(8);

    /// <summary>How long a failure counts after which nobody put anything.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    // Guards both times, of the first failure after a put that was decided, and of the last one.
    private readonly Lock _gate = new();
    private (long First, long Last)? _failures;

    // Read without the lock, as nearly all puts are decided.
    private volatile bool _hasFailed;

    public bool Fails
    {
        get
        {
            lock (_gate)
            {
                return _failures is var (first, last)
                    && time.GetElapsedTime(first, last) >= LeastOutage
                    && time.GetElapsedTime(last) < Memory;
            }
        }
    }

    /// <summary>A shard decided a put, whatever the decision, or failed it.</summary>
    public void Note(bool isDecided)
    {
        if (isDecided && !_hasFailed)
        {
            return;
        }

        lock (_gate)
        {
            var now = time.GetTimestamp();
            _hasFailed = !isDecided;
            _failures = isDecided ? null : (_failures is var (first, last) && time.GetElapsedTime(last, now) < Memory ? first : now, now);
        }
    }
}
