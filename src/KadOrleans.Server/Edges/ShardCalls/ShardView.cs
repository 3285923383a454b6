namespace KadOrleans.Server;

/// <summary>
/// What an edge knows of the keys of a shard. Times are timestamps of the edge's clock. Readers take <see cref="State"/> once and go by it.
/// </summary>
/// <param name="shard">Its number.</param>
/// <param name="trustedFrom">A filter is complete only if it was confirmed after this time.</param>
internal sealed class ShardView(long shard, long trustedFrom = long.MinValue)
{
    private static long _epochs;

    // Guards changes of the fields below.
    private readonly Lock _gate = new();
    private volatile ShardState? _state;

    // Boxed, so that reads and writes are atomic.
    private volatile object? _desk;
    private long _lastPut = trustedFrom;
    private bool _isUsed;

    // Written by any thread; a lost race is as if the calls had come in the other order.
    private long _answeredAt = long.MinValue;
    private long _unansweredAt = long.MinValue;

    public long Shard => shard;

    public ShardState? State => _state;

    /// <summary>How the last calls to the shard ended.</summary>
    public ShardCalls Calls => new(Volatile.Read(ref _answeredAt), Volatile.Read(ref _unansweredAt));

    /// <summary>When it was used last. Null if that is too long ago. This and what follows is written by the reader of news alone.</summary>
    public long? UsedAt { get; set; }

    /// <summary>When its filter found no room, or its news could not be read.</summary>
    public long? FullAt { get; set; }

    /// <summary>The bytes of its filter that the reader has counted.</summary>
    public int Bytes { get; set; }

    /// <summary>The desk at the silo of the shard; null if none is known.</summary>
    public GrainId? Desk
    {
        get => (GrainId?)_desk;
        set => _desk = value;
    }

    public void Use()
    {
        if (!Volatile.Read(ref _isUsed))
        {
            Volatile.Write(ref _isUsed, true);
        }
    }

    /// <summary>Whether a key was asked for, or put, since the last call.</summary>
    public bool TakeUse() => Interlocked.Exchange(ref _isUsed, false);

    public void NoteAnswered(long now) => Volatile.Write(ref _answeredAt, now);

    /// <summary>Notes that the shard did not respond in time to a call that was made then.</summary>
    public void NoteUnanswered(long madeAt)
    {
        if (madeAt > Volatile.Read(ref _unansweredAt))
        {
            Volatile.Write(ref _unansweredAt, madeAt);
        }
    }

    /// <summary>Notes a put of this edge that the shard may have made, before its caller hears of it.</summary>
    public void Put(NodeId key, long now)
    {
        lock (_gate)
        {
            _lastPut = now;
            Use();
            _state?.Filter.Add(key);
        }
    }

    /// <summary>Makes the values that were cached by this view invalid.</summary>
    public void Invalidate()
    {
        lock (_gate)
        {
            _state = _state is { } state ? state with { Epoch = Interlocked.Increment(ref _epochs), Former = [] } : null;
        }
    }

    public void Forget()
    {
        lock (_gate)
        {
            _state = null;
        }
    }

    /// <summary>
    /// Notes news, which have all changes before <paramref name="confirmedAt"/>. Those that do not continue what is known are ignored, and a
    /// filter that is older than that. Calls <paramref name="changed"/> for each changed key, before the news count as known.
    /// </summary>
    public void Note(ShardNews news, long confirmedAt, Action<NodeId> changed)
    {
        if (news.Filter is { } filter)
        {
            // A silo that has not heard of the shard for a while tells what it heard then.
            if (!(_state?.ConfirmedAt > confirmedAt))
            {
                Begin(new ShardState(
                    news.Generation, news.Version, KeyFilter.From(filter), Interlocked.Increment(ref _epochs), confirmedAt, long.MinValue));
            }
        }
        else if (_state is { } known && news.Continues(known.Generation, known.Version))
        {
            foreach (var key in news.Changed)
            {
                known.Filter.Add(key);
                changed(key);
            }

            lock (_gate)
            {
                _state = _state is { } state
                    ? state with { Version = news.Version, ConfirmedAt = Math.Max(state.ConfirmedAt, confirmedAt) }
                    : null;
            }
        }
    }

    // A filter may lack the latest puts of this edge, which the filter before had.
    private void Begin(ShardState state)
    {
        lock (_gate)
        {
            _state = state with { TrustedFrom = _lastPut, Former = _state?.AsFormer() ?? [] };
        }
    }
}

/// <summary>
/// What is known of a shard at a time: by news of a generation and version, and a filter of its keys. The filter gets more of them until it is
/// replaced. Changes before <see cref="ConfirmedAt"/> are known. The filter is complete if that is after <see cref="TrustedFrom"/>. Values
/// that were cached in another epoch are only as recent as that was. An epoch is never 0.
/// </summary>
internal sealed record ShardState(long Generation, long Version, KeyFilter Filter, long Epoch, long ConfirmedAt, long TrustedFrom)
{
    // Each new filter ends an epoch. A death of a silo brings two or three.
    private const int MaxFormer = 4;

    /// <summary>The epochs before, the last one first. Values of theirs that are still cached were the shard's at a time.</summary>
    public IReadOnlyList<FormerEpoch> Former { get; init; } = [];

    /// <summary>Whether a key of the shard is certainly not held, as of <see cref="ConfirmedAt"/>.</summary>
    public bool Denies(NodeId key) => ConfirmedAt > TrustedFrom && !Filter.MayContain(key);

    /// <summary>The time before which all changes of a value are known that was cached in an epoch. Null if the epoch is too long ago.</summary>
    public long? ConfirmedAtIn(long epoch)
    {
        if (epoch == Epoch)
        {
            return ConfirmedAt;
        }

        foreach (var former in Former)
        {
            if (epoch == former.Epoch)
            {
                return former.ConfirmedAt;
            }
        }

        return null;
    }

    public IReadOnlyList<FormerEpoch> AsFormer() => [new(Epoch, ConfirmedAt), .. Former.Take(MaxFormer - 1)];
}

/// <summary>An epoch that a new filter ended. Changes before that time were known then.</summary>
internal readonly record struct FormerEpoch(long Epoch, long ConfirmedAt);
