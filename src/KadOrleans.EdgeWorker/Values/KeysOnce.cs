using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>A key that many ask for at once travels once.</summary>
internal sealed class KeysOnce
{
    private readonly Dictionary<NodeId, int> _places;
    private readonly IReadOnlyList<NodeId> _asked;

    public KeysOnce(IReadOnlyList<NodeId> asked)
    {
        _asked = asked;
        _places = new Dictionary<NodeId, int>(asked.Count);
        var keys = new List<NodeId>(asked.Count);
        foreach (var key in asked)
        {
            if (_places.TryAdd(key, keys.Count))
            {
                keys.Add(key);
            }
        }

        Keys = keys;
    }

    /// <summary>The keys, each once.</summary>
    public IReadOnlyList<NodeId> Keys { get; }

    /// <summary>The values of all that were asked for, from those of <see cref="Keys"/>.</summary>
    public IReadOnlyList<StoredValue?> Spread(IReadOnlyList<StoredValue?> values) =>
        Keys.Count == _asked.Count ? values : [.. _asked.Select(key => values[_places[key]])];

    /// <inheritdoc cref="Spread(IReadOnlyList{StoredValue?})"/>
    public ShardBatch<StoredValue?> Spread(ShardBatch<StoredValue?> batch)
    {
        if (Keys.Count == _asked.Count)
        {
            return batch;
        }

        var unanswered = batch.Unanswered.ToHashSet();
        return new ShardBatch<StoredValue?>(
            Spread(batch.Results),
            [.. Enumerable.Range(0, _asked.Count).Where(place => unanswered.Contains(_places[_asked[place]]))]);
    }
}
