namespace KadOrleans.Core.Admission;

// Admits events at a rate, which every call gives: so many buckets of one rate stay small. Not safe for several threads.
internal struct TokenBucket
{
    // Calls may come in another order than their times, as those of edges that wait for one shard: then no tokens come twice.
    private static readonly long LeastSetBack = TimeSpan.FromMinutes(1).Ticks;

    private double _tokens;
    private DateTimeOffset _updated;

    public TokenBucket(TokenRate rate, DateTimeOffset now) => (_tokens, _updated) = (rate.Burst, now);

    public bool TryTake(TokenRate rate, DateTimeOffset now, double amount = 1)
    {
        Fill(rate, now);
        var isTaken = _tokens >= amount;
        _tokens -= isTaken ? amount : 0;
        return isTaken;
    }

    /// <summary>Takes several tokens, or all there are: it counts what cannot be refused.</summary>
    public void Spend(TokenRate rate, DateTimeOffset now, double amount)
    {
        Fill(rate, now);
        _tokens = Math.Max(0, _tokens - amount);
    }

    public bool HasToken(TokenRate rate, DateTimeOffset now) => Count(rate, now) >= 1;

    public bool IsFull(TokenRate rate, DateTimeOffset now) => Count(rate, now) >= rate.Burst;

    /// <summary>The tokens that are there now.</summary>
    public double Count(TokenRate rate, DateTimeOffset now)
    {
        Fill(rate, now);
        return _tokens;
    }

    // A clock that was set back brings no tokens and takes none away; they come by the new time from the first call on, also one that takes none.
    private void Fill(TokenRate rate, DateTimeOffset now)
    {
        var elapsed = (now - _updated).Ticks;
        _tokens = Math.Min(rate.Burst, _tokens + (Math.Max(0, elapsed) / (double)TimeSpan.TicksPerSecond * rate.PerSecond));
        _updated = elapsed > 0 || elapsed < -LeastSetBack ? now : _updated;
    }
}

/// <summary>How often something may happen.</summary>
/// <param name="PerSecond">In the long run, per second; above 0.</param>
/// <param name="Burst">At once, after a pause; 1 or more.</param>
public readonly record struct TokenRate(double PerSecond, double Burst);
