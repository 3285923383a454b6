namespace KadOrleans.Core.Admission;

// A bounded number of buckets by network, of one rate. A new network replaces one whose bucket has refilled, which loses nothing.
// If a few tries find none, new networks share one bucket.
internal sealed class TokenBucketMap(int capacity)
{
    private const int EvictionTries = 8;

    // Guards all that follows. One map is one stripe of a limiter, so receivers of different sources rarely meet here.
    private readonly Lock _gate = new();
    private readonly Dictionary<SourceNetwork, int> _places = [];
    private readonly List<(SourceNetwork Network, TokenBucket Bucket)> _buckets = [];
    private TokenBucket? _strangers;
    private int _hand;

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

            return At(place).TryTake(rate, now);
        }
    }

    public bool HasToken(SourceNetwork network, TokenRate rate, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_places.TryGetValue(network, out var place))
            {
                return At(place).HasToken(rate, now);
            }

            if (_buckets.Count < capacity || FindFull(rate, now) >= 0 || _strangers is not { } strangers)
            {
                return rate.Burst >= 1;
            }

            var hasToken = strangers.HasToken(rate, now);
            _strangers = strangers;
            return hasToken;
        }
    }

    /// <summary>The tokens of a network; null if it has no bucket, as its own was full or there is no room for it.</summary>
    public double? Count(SourceNetwork network, TokenRate rate, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _places.TryGetValue(network, out var place) ? At(place).Count(rate, now) : null;
        }
    }

    private ref TokenBucket At(int place) => ref CollectionsMarshal.AsSpan(_buckets)[place].Bucket;

    // A full bucket among the next few of the round, which may be forgotten; -1 if there is none.
    private int FindFull(TokenRate rate, DateTimeOffset now)
    {
        for (var i = 0; i < EvictionTries; i++)
        {
            var place = (_hand + i) % capacity;
            if (At(place).IsFull(rate, now))
            {
                return place;
            }
        }

        return -1;
    }

    private bool TryFindPlace(SourceNetwork network, TokenRate rate, DateTimeOffset now, out int place)
    {
        var entry = (network, new TokenBucket(rate, now));
        if (_buckets.Count < capacity)
        {
            place = _buckets.Count;
            _buckets.Add(entry);
        }
        else
        {
            place = FindFull(rate, now);
            _hand = (place < 0 ? _hand + EvictionTries : place + 1) % capacity;
            if (place < 0)
            {
                return false;
            }

            _places.Remove(_buckets[place].Network);
            _buckets[place] = entry;
        }

        _places.Add(network, place);
        return true;
    }
}
