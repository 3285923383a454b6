namespace KadOrleans.WebConsole.Live;

/// <summary>
/// Sums the counters of nodes that come, go and restart. A counter that is lower than before began anew. What a node counted before it was
/// first seen is left out. Not safe for several threads.
/// </summary>
internal sealed class GrowingCounts
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, long>> _last = [];
    private readonly Dictionary<string, long> _sums = [];
    private bool _hasBegun;

    /// <summary>Takes the counters of all nodes that are known now, and returns the sums so far.</summary>
    public IReadOnlyDictionary<string, long> Add(IReadOnlyList<DhtNodeStatus> nodes)
    {
        foreach (var node in nodes)
        {
            // A node that came after the first sample has counted since then, or since it was away.
            var before = _last.GetValueOrDefault(node.Name) ?? (_hasBegun ? new Dictionary<string, long>() : node.Counts);
            foreach (var (name, count) in node.Counts)
            {
                var then = before.GetValueOrDefault(name);
                _sums[name] = _sums.GetValueOrDefault(name) + (count >= then ? count - then : count);
            }
        }

        // Those that are gone are kept: an edge whose report is late has not counted anew.
        foreach (var node in nodes)
        {
            _last[node.Name] = node.Counts;
        }

        _hasBegun = true;
        return new Dictionary<string, long>(_sums);
    }
}
