namespace KadOrleans.Hosting;

/// <summary>
/// Sums the counters of nodes that come, go and restart. A counter that is lower than before began anew. What a node counted before it was
/// first seen is left out. Those of nodes that are gone are kept for <see cref="MaxNodes"/> names. Not safe for several threads.
/// </summary>
internal sealed class GrowingCounts
{
    /// <summary>The most names of nodes that are remembered, beside those of the last call.</summary>
    public const int MaxNodes = 4_096;

    private readonly Dictionary<string, (long Call, IReadOnlyDictionary<string, long> Counts)> _last = [];
    private readonly Dictionary<string, long> _sums = [];
    private long _calls;

    /// <summary>Takes the counters of all nodes that are known now, and returns the sums so far.</summary>
    public IReadOnlyDictionary<string, long> Add(IReadOnlyList<DhtNodeStatus> nodes)
    {
        foreach (var node in nodes)
        {
            // A node that is new here may have counted for days.
            var before = _last.GetValueOrDefault(node.Name).Counts ?? node.Counts;
            foreach (var (name, count) in node.Counts)
            {
                var then = before.GetValueOrDefault(name);
                _sums[name] = _sums.GetValueOrDefault(name) + (count >= then ? count - then : count);
            }
        }

        // Those that are gone are kept: an edge whose report is late has not counted anew.
        _calls++;
        foreach (var node in nodes)
        {
            _last[node.Name] = (_calls, node.Counts);
        }

        var tooMany = _last.Count - Math.Max(MaxNodes, nodes.Count);
        if (tooMany > 0)
        {
            foreach (var (name, _) in _last.OrderBy(last => last.Value.Call).Take(tooMany).ToList())
            {
                _last.Remove(name);
            }
        }

        return new Dictionary<string, long>(_sums);
    }
}
