using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Core.Values;

/// <summary>The values of a shard without where they are counted.</summary>
internal sealed class KeyShardValues(Dictionary<NodeId, CountedValue> held) : IReadOnlyDictionary<NodeId, StoredValue>
{
    public int Count => held.Count;

    public IEnumerable<NodeId> Keys => held.Keys;

    public IEnumerable<StoredValue> Values => held.Values.Select(counted => counted.Value);

    public StoredValue this[NodeId key] => held[key].Value;

    public bool ContainsKey(NodeId key) => held.ContainsKey(key);

    public bool TryGetValue(NodeId key, [MaybeNullWhen(false)] out StoredValue value)
    {
        var isHeld = held.TryGetValue(key, out var counted);
        value = counted.Value;
        return isHeld;
    }

    public IEnumerator<KeyValuePair<NodeId, StoredValue>> GetEnumerator()
    {
        foreach (var (key, counted) in held)
        {
            yield return new(key, counted.Value);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
