namespace KadOrleans.Server;

/// <summary>
/// Whether shards fail all puts, by the outcomes so far. The failures must be of two shards, if there are two: a quiet edge may put to one
/// alone, which says nothing of the others. Safe for several threads.
/// </summary>
internal sealed class PutHealth(TimeProvider time)
{
    /// <summary>How long all puts must have failed: the shards of a silo that died are back sooner.</summary>
    public static readonly TimeSpan LeastOutage = TimeSpan.FromSeconds(8);

    /// <summary>How long a failure counts after which nobody put anything.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    // Guards the field below.
    private readonly Lock _gate = new();
    private Failures? _failures;

    // Read without the lock, as nearly all puts are decided.
    private volatile bool _hasFailed;

    public bool Fails
    {
        get
        {
            lock (_gate)
            {
                return _failures is { AreOfAll: true } all
                    && time.GetElapsedTime(all.First, all.Last) >= LeastOutage
                    && time.GetElapsedTime(all.Last) < Memory;
            }
        }
    }

    /// <summary>A shard, of so many, decided a put, whatever the decision, or failed it.</summary>
    public void Note(long shard, int shards, bool isDecided)
    {
        if (isDecided && !_hasFailed)
        {
            return;
        }

        lock (_gate)
        {
            var now = time.GetTimestamp();
            var before = _failures is { } known && time.GetElapsedTime(known.Last, now) < Memory
                ? known
                : new Failures(now, now, shard, AreOfAll: shards == 1);
            _hasFailed = !isDecided;
            _failures = isDecided ? null : before with { Last = now, AreOfAll = before.AreOfAll || before.Shard != shard };
        }
    }

    /// <summary>The failures after the last put that was decided: the times of the first and the last, and the shard of the first.</summary>
    private sealed record Failures(long First, long Last, long Shard, bool AreOfAll);
}
