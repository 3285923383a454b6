namespace KadOrleans.Core.Admission;

/// <summary>
/// Admits events at a <see cref="TokenRate"/>: each takes a token, and tokens come back with time up to the burst. The
/// rate is given with every call, so that many buckets of one rate stay small. Not safe for several threads.
/// </summary>
public struct TokenBucket
{
    private double _tokens;
    private DateTimeOffset _updated;

    /// <summary>A full bucket.</summary>
    public TokenBucket(TokenRate rate, DateTimeOffset now)
    {
        _tokens = rate.Burst;
        _updated = now;
    }

    /// <summary>Takes a token if there is one.</summary>
    public bool TryTake(TokenRate rate, DateTimeOffset now) => TryTake(rate, now, 1);

    /// <summary>Takes several tokens if there are so many, else none.</summary>
    public bool TryTake(TokenRate rate, DateTimeOffset now, double amount)
    {
        _tokens = Available(rate, now);
        _updated = now;
        if (_tokens < amount)
        {
            return false;
        }

        _tokens -= amount;
        return true;
    }

    /// <summary>Takes several tokens, or all there are. It counts what cannot be refused.</summary>
    public void Spend(TokenRate rate, DateTimeOffset now, double amount)
    {
        _tokens = Math.Max(0, Available(rate, now) - amount);
        _updated = now;
    }

    /// <summary>Whether <see cref="TryTake(TokenRate, DateTimeOffset)"/> would take a token now.</summary>
    public readonly bool HasToken(TokenRate rate, DateTimeOffset now) => Available(rate, now) >= 1;

    /// <summary>Whether it has refilled. Then it equals a new one, and may be forgotten.</summary>
    public readonly bool IsFull(TokenRate rate, DateTimeOffset now) => Available(rate, now) >= rate.Burst;

    /// <summary>A clock that was set back brings no tokens and takes none away.</summary>
    private readonly double Available(TokenRate rate, DateTimeOffset now)
    {
        var elapsed = Math.Max(0, (now - _updated).Ticks) / (double)TimeSpan.TicksPerSecond;
        return Math.Min(rate.Burst, _tokens + (elapsed * rate.PerSecond));
    }
}

/// <summary>How often something may happen.</summary>
/// <param name="PerSecond">In the long run, per second; above 0.</param>
/// <param name="Burst">At once, after a pause; 1 or more.</param>
public readonly record struct TokenRate(double PerSecond, double Burst);
