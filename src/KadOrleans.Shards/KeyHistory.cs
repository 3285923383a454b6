namespace KadOrleans.Shards;

// A filter of a shard's keys and its last changes, for those who respond in its place. Removed keys stay in the filter until the
// shard makes a new one. Not safe for several threads.
internal sealed class KeyHistory
{
    private const int SmallestFilter = 256;

    private readonly int _maxChanges;
    private readonly KeyFilter _filter;
    private readonly List<NodeId> _changes = [];
    private int _added;

    private KeyHistory(long generation, long version, KeyFilter filter, int added, int maxChanges) =>
        (Generation, Version, _filter, _added, _maxChanges) = (generation, version, filter, added, maxChanges);

    public long Generation { get; }

    public long Version { get; private set; }

    /// <summary>Whether the filter has more keys than it was made for, so that a new one is due.</summary>
    public bool IsFilterFull => _added > _filter.Capacity;

    public int Bytes => _filter.Bytes;

    // The most changes that are remembered of a shard, 256 to 32,768 of 20 bytes each. All shards together remember half a
    // million. A caller that missed more of them gets a filter.
    public static int MaxChangesOf(int shardBits) => Math.Clamp((1 << 19) >> shardBits, 256, 32_768);

    /// <summary>Begins with the keys of a shard, at version 0. Its filter has room for half as many again.</summary>
    public static KeyHistory Begin(IEnumerable<NodeId> keys, int count, long generation, int maxChanges)
    {
        var filter = KeyFilter.For(Math.Max(SmallestFilter, count + (count / 2)));
        foreach (var key in keys)
        {
            filter.Add(key);
        }

        return new KeyHistory(generation, 0, filter, count, maxChanges);
    }

    /// <summary>The history after some news: this one if they continue it, or a new one.</summary>
    /// <exception cref="ArgumentException">They do not continue it, or the filter is malformed.</exception>
    public static KeyHistory After(KeyHistory? known, KeyNews news, int maxChanges)
    {
        if (news.Filter is { } filter)
        {
            return new KeyHistory(news.Generation, news.Version, KeyFilter.From(filter), 0, maxChanges);
        }

        if (known is null || !news.Continues(known.Generation, known.Version))
        {
            throw new ArgumentException("These news do not continue what is known.", nameof(news));
        }

        foreach (var key in news.Changed)
        {
            known.Record(key);
        }

        return known;
    }

    public void Record(NodeId key)
    {
        _added += _filter.Add(key) ? 1 : 0;
        Version++;
        if (_changes.Count >= 2 * _maxChanges)
        {
            _changes.RemoveRange(0, _maxChanges);
        }

        _changes.Add(key);
    }

    /// <summary>The changes since a state, or the filter if they are not all remembered.</summary>
    public KeyNews Read(long generation, long version)
    {
        var missed = Version - version;
        if (generation != Generation || missed > _changes.Count)
        {
            return new KeyNews(Generation, Version, [], _filter.ToArray());
        }

        // A caller that knows more got it from another silo.
        return missed <= 0
            ? new KeyNews(Generation, version, [], null)
            : new KeyNews(Generation, Version, _changes.GetRange(_changes.Count - (int)missed, (int)missed), null);
    }
}

// What changed in a shard since a state: the keys that were stored, changed or removed, some twice, or a KeyFilter of all keys. That is
// null if the generation is the state's and the changes are complete. A generation is a random number: an activation, and each new filter
// of it, has another. The version counts the changes since the generation began.
internal sealed record KeyNews(long Generation, long Version, IReadOnlyList<NodeId> Changed, byte[]? Filter)
{
    /// <summary>Whether the changes begin where a state ends, so that nothing between is missing.</summary>
    public bool Continues(long generation, long version) => generation == Generation && version + Changed.Count == Version;
}
