using KadOrleans.Core.Admission;

namespace KadOrleans.Node.Trust;

/// <summary>Bytes of answers per second to all endpoints together.</summary>
internal sealed class UploadBudget(long bytesPerSecond, TimeProvider time)
{
    private readonly TokenRate _rate = new(bytesPerSecond, bytesPerSecond);

    // Guards _bucket.
    private readonly Lock _gate = new();
    private TokenBucket _bucket = new(new TokenRate(bytesPerSecond, bytesPerSecond), time.GetUtcNow());

    /// <summary>Whether so many bytes are within the budget; they are counted if so.</summary>
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
