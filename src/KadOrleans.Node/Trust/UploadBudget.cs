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

    private readonly TokenRate _rate = new(bytesPerSecond, bytesPerSecond);
    private readonly TokenRate _strangersRate = new(bytesPerSecond / StrangersDivisor, bytesPerSecond / StrangersDivisor);

    // Guards both buckets.
    private readonly Lock _gate = new();
    private TokenBucket _bucket = new(new TokenRate(bytesPerSecond, bytesPerSecond), time.GetUtcNow());
    private TokenBucket _strangers = new(
        new TokenRate(bytesPerSecond / StrangersDivisor, bytesPerSecond / StrangersDivisor), time.GetUtcNow());

    /// <summary>Counts bytes to an endpoint that proved its address. Returns false, without counting, if they exceed the budget.</summary>
    public bool TrySend(int bytes)
    {
        if (bytesPerSecond == 0)
        {
            return true;
        }

        lock (_gate)
        {
            return _bucket.TryTake(_rate, time.GetUtcNow(), bytes);
        }
    }

    /// <summary>Counts bytes to an unproven endpoint. Returns false, without counting, if they exceed the part of such endpoints.</summary>
    public bool TrySendToStranger(int bytes)
    {
        if (bytesPerSecond == 0)
        {
            return true;
        }

        lock (_gate)
        {
            // In this order, so that bytes refused by the strangers' part cost the others nothing.
            var now = time.GetUtcNow();
            return _strangers.TryTake(_strangersRate, now, bytes) && _bucket.TryTake(_rate, now, bytes);
        }
    }

    /// <summary>Counts bytes that are sent anyway.</summary>
    public void Spend(int bytes)
    {
        if (bytesPerSecond > 0)
        {
            lock (_gate)
            {
                _bucket.Spend(_rate, time.GetUtcNow(), bytes);
            }
        }
    }
}
