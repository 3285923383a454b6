using System.Runtime.InteropServices;

namespace KadOrleans.Core.Admission;

/// <summary>
/// Admits events at a <see cref="TokenRate"/>: each takes a token, and tokens come back with time up to the burst. The
/// rate is given with every call, so that many buckets of one rate stay small. Not safe for several threads.
/// </summary>
internal struct TokenBucket
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

/// <summary>
/// A bounded number of token buckets by network, all of one rate, which may change. When it is full, a new network replaces one whose bucket
/// has refilled, which loses nothing. If a few tries find none, new networks share one bucket.
/// </summary>
/// <param name="capacity">The most networks that have a bucket of their own.</param>
internal sealed class TokenBucketMap(int capacity)
{
    /// <summary>The most places checked for one new network. It bounds the work that a forged source causes.</summary>
    private const int EvictionTries = 8;

    // Guards all that follows. One map is one stripe of a limiter, so receivers of different sources rarely meet here.
    private readonly Lock _gate = new();
    private readonly Dictionary<SourceNetwork, int> _places = [];
    private readonly List<(SourceNetwork Network, TokenBucket Bucket)> _buckets = [];
    private TokenBucket? _strangers;
    private int _hand;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _buckets.Count;
            }
        }
    }

    /// <summary>Takes a token of a network.</summary>
    public bool TryTake(SourceNetwork network, TokenRate rate, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (!_places.TryGetValue(network, out var place) && !TryFindPlace(network, rate, now, out place))
            {
                var strangers = _strangers ?? new TokenBucket(rate, now);
                var admitted = strangers.TryTake(rate, now);
                _strangers = strangers;
                return admitted;
            }

            ref var entry = ref CollectionsMarshal.AsSpan(_buckets)[place];
            return entry.Bucket.TryTake(rate, now);
        }
    }

    /// <summary>Whether <see cref="TryTake"/> would admit an event now; nothing is remembered.</summary>
    public bool HasToken(SourceNetwork network, TokenRate rate, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _places.TryGetValue(network, out var place) ? _buckets[place].Bucket.HasToken(rate, now)
                : _buckets.Count < capacity || IsPlaceFree(rate, now) ? rate.Burst >= 1
                : _strangers?.HasToken(rate, now) ?? rate.Burst >= 1;
        }
    }

    private bool IsPlaceFree(TokenRate rate, DateTimeOffset now)
    {
        for (var i = 0; i < EvictionTries; i++)
        {
            if (_buckets[(_hand + i) % capacity].Bucket.IsFull(rate, now))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryFindPlace(SourceNetwork network, TokenRate rate, DateTimeOffset now, out int place)
    {
        var entry = (network, new TokenBucket(rate, now));
        if (_buckets.Count < capacity)
        {
            place = _buckets.Count;
            _buckets.Add(entry);
            _places.Add(network, place);
            return true;
        }

        for (var i = 0; i < EvictionTries; i++)
        {
            place = _hand;
            _hand = (_hand + 1) % capacity;
            if (_buckets[place].Bucket.IsFull(rate, now))
            {
                _places.Remove(_buckets[place].Network);
                _buckets[place] = entry;
                _places.Add(network, place);
                return true;
            }
        }

        place = -1;
        return false;
    }
}
