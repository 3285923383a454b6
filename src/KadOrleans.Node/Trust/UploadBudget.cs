using KadOrleans.Core.Admission;

namespace KadOrleans.Node.Trust;

/// <summary>
/// The budget of bytes per second for all responses, and for pings of unproven endpoints. Unproven endpoints get at most a part of it, as
/// their addresses may be forged. The others get the rest, and what is left of that part.
/// </summary>
internal sealed class UploadBudget(long bytesPerSecond, TimeProvider time)
{
    /// <summary>
    /// The part of unproven endpoints: the total divided by this. Three quarters stay for peers; a total of 1 MB/s serves 2,000 new
    /// endpoints a second.
    /// </summary>
    public const int StrangersDivisor = 4;

    private readonly SharedBucket _all = new();
    private readonly SharedBucket _strangers = new();
    private long _bytesPerSecond = bytesPerSecond;

    /// <summary>Bytes per second; 0 for no bound. It may be changed at any time.</summary>
    public long BytesPerSecond
    {
        get => Volatile.Read(ref _bytesPerSecond);
        set => Volatile.Write(ref _bytesPerSecond, value);
    }

    /// <summary>Counts bytes to an endpoint that proved its address. Returns false, without counting, if they exceed the budget.</summary>
    public bool TrySend(int bytes)
    {
        var rate = BytesPerSecond;
        return rate == 0 || _all.TryTake(RateOf(rate), bytes, time.GetUtcNow());
    }

    /// <summary>Counts bytes to an unproven endpoint. Returns false, without counting, if they exceed the part of such endpoints.</summary>
    public bool TrySendToStranger(int bytes)
    {
        var (rate, now) = (BytesPerSecond, time.GetUtcNow());

        // In this order, so that bytes refused by the strangers' part cost the others nothing.
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
