namespace KadOrleans.Node;

/// <summary>Bytes per second of responses and proof pings. Unproven endpoints, perhaps forged, get a part.</summary>
internal sealed class UploadBudget(long bytesPerSecond, TimeProvider time)
{
    /// <summary>Unproven endpoints get the total divided by this: 1 MB/s serves 2,000 new ones a second.</summary>
    public const int StrangersDivisor = 4;

    private readonly SharedBucket _all = new();
    private readonly SharedBucket _strangers = new();
    private long _bytesPerSecond = bytesPerSecond;

    /// <summary>0: no bound.</summary>
    public long BytesPerSecond
    {
        get => Volatile.Read(ref _bytesPerSecond);
        set => Volatile.Write(ref _bytesPerSecond, value);
    }

    /// <summary>Counts bytes to a proven endpoint. Returns false, without counting, if they exceed the budget.</summary>
    public bool TrySend(int bytes)
    {
        var rate = BytesPerSecond;
        return rate == 0 || _all.TryTake(RateOf(rate), bytes, time.GetUtcNow());
    }

    /// <summary>Counts bytes to an unproven endpoint. Returns false, without counting, if they exceed its part.</summary>
    public bool TrySendToStranger(int bytes)
    {
        var (rate, now) = (BytesPerSecond, time.GetUtcNow());

        // In this order: bytes refused here cost the others nothing.
        return rate == 0
            || (_strangers.TryTake(RateOf(rate / StrangersDivisor), bytes, now) && _all.TryTake(RateOf(rate), bytes, now));
    }

    public void Spend(int bytes)
    {
        var rate = BytesPerSecond;
        if (rate > 0)
        {
            _all.Spend(RateOf(rate), bytes, time.GetUtcNow());
        }
    }

    private static TokenRate RateOf(long bytesPerSecond) => new(bytesPerSecond, bytesPerSecond);
}
