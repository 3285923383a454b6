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

    // Guards both buckets.
    private readonly Lock _gate = new();
    private long _bytesPerSecond = bytesPerSecond;
    private TokenBucket _bucket = new(RateOf(bytesPerSecond), time.GetUtcNow());
    private TokenBucket _strangers = new(RateOf(bytesPerSecond / StrangersDivisor), time.GetUtcNow());

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
        if (rate == 0)
        {
            return true;
        }

        lock (_gate)
        {
            return _bucket.TryTake(RateOf(rate), time.GetUtcNow(), bytes);
        }
    }

    /// <summary>Counts bytes to an unproven endpoint. Returns false, without counting, if they exceed the part of such endpoints.</summary>
    public bool TrySendToStranger(int bytes)
    {
        var rate = BytesPerSecond;
        if (rate == 0)
        {
            return true;
        }

        lock (_gate)
        {
            // In this order, so that bytes refused by the strangers' part cost the others nothing.
            var now = time.GetUtcNow();
            return _strangers.TryTake(RateOf(rate / StrangersDivisor), now, bytes) && _bucket.TryTake(RateOf(rate), now, bytes);
        }
    }

    /// <summary>Counts bytes that are sent anyway.</summary>
    public void Spend(int bytes)
    {
        var rate = BytesPerSecond;
        if (rate > 0)
        {
            lock (_gate)
            {
                _bucket.Spend(RateOf(rate), time.GetUtcNow(), bytes);
            }
        }
    }

    private static TokenRate RateOf(long bytesPerSecond) => new(bytesPerSecond, bytesPerSecond);
}
