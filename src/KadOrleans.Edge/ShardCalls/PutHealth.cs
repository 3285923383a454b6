namespace KadOrleans.Edge;

/// <summary>
/// Whether shards fail all puts, by the outcomes so far. The failures must be of two shards, if there are two: a quiet edge may put to one
/// alone, which says nothing of the others. Two may be of one silo, so they must fail for longer. Safe for several threads.
/// </summary>
internal sealed class PutHealth(TimeProvider time)
{
    /// <summary>How long puts to three shards, or to all, must have failed: the shards of a silo whose process died are back sooner.</summary>
    public static readonly TimeSpan LeastOutage = TimeSpan.FromSeconds(8);

    /// <summary>How long puts to two of more shards must have failed: the shards of a silo whose machine vanished are back sooner.</summary>
    public static readonly TimeSpan LeastOutageOfTwo = TimeSpan.FromSeconds(20);

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
                return _failures is { AreOfOne: false } known
                    && time.GetElapsedTime(known.First, known.Last) >= (known.AreOfMany ? LeastOutage : LeastOutageOfTwo)
                    && time.GetElapsedTime(known.Last) < Memory;
            }
        }
    }

    /// <summary>A shard, of so many, decided a put, whatever the decision, or failed it.</summary>
    public void Record(long shard, int shards, bool isDecided)
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
                : new Failures(now, now, shard, Other: null, AreOfMany: shards == 1);
            _hasFailed = !isDecided;
            _failures = isDecided ? null : before.With(shard, shards) with { Last = now };
        }
    }

    /// <summary>
    /// The failures after the last put that was decided: the times of the first and the last, the shard of the first, another one, and whether
    /// they are of three shards, or of all.
    /// </summary>
    private sealed record Failures(long First, long Last, long Shard, long? Other, bool AreOfMany)
    {
        public bool AreOfOne => Other is null && !AreOfMany;

        public Failures With(long shard, int shards) => shard == Shard || shard == Other ? this
            : Other is null ? this with { Other = shard, AreOfMany = shards == 2 }
            : this with { AreOfMany = true };
    }
}
