namespace KadOrleans.Grains;

/// <summary>The keys of a get with their values: at first those that memory knows, the rest later.</summary>
internal sealed class ShardGet
{
    private readonly IReadOnlyList<NodeId> _keys;
    private readonly DateTimeOffset _now;
    private readonly StoredValue?[] _values;
    private readonly List<int> _missing = [];

    public ShardGet(IReadOnlyList<NodeId> keys, DateTimeOffset now, TryFind tryFind)
    {
        (_keys, _now, _values) = (keys, now, new StoredValue?[keys.Count]);
        for (var i = 0; i < keys.Count; i++)
        {
            if (tryFind(keys[i], out var value))
            {
                Found += value is null ? 0 : 1;
                _values[i] = Alive(value);
            }
            else
            {
                _missing.Add(i);
            }
        }
    }

    /// <summary>Returns whether memory knows what is held of a key: a value, alive or not, or nothing.</summary>
    public delegate bool TryFind(NodeId key, out StoredValue? value);

    public IReadOnlyList<StoredValue?> Values => _values;

    public int Found { get; }

    public IReadOnlyList<int> Missing => _missing;

    public IReadOnlyList<NodeId> MissingKeys => [.. _missing.Select(place => _keys[place])];

    public StoredValue? Alive(StoredValue? value) => value?.IsExpired(_now) == false ? value : null;

    public void Fill(IEnumerable<StoredValue?> values)
    {
        foreach (var (place, value) in _missing.Zip(values))
        {
            _values[place] = value;
        }
    }
}
