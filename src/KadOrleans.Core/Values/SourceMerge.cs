using System.Runtime.InteropServices;
using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Merges the rankings of parts of a DHT within bounded memory: so many networks by keys and as many by bytes, in between up to four times
/// as many. A bound grows by what parts do not list, and by what it forgets itself. So no network has more than its merged numbers and the
/// bound (Agarwal et al., Mergeable Summaries, 2012). Not safe for several threads.
/// </summary>
internal sealed class SourceMerge(int capacity)
{
    private readonly Dictionary<SourceNetwork, SourceTotals> _sources = [];
    private long _keys;
    private long _bytes;
    private long _missedKeys;
    private long _missedBytes;

    /// <summary>Whether the numbers of each network are exact: all parts listed all networks, and none was forgotten.</summary>
    public bool IsExact => _missedKeys == 0 && _missedBytes == 0;

    public void Add(SourceRanking part)
    {
        (_keys, _bytes) = (_keys + part.Keys, _bytes + part.Bytes);
        Miss(part);
        foreach (var source in part.Sources)
        {
            ref var totals = ref CollectionsMarshal.GetValueRefOrAddDefault(_sources, source.Source, out _);
            totals = new SourceTotals(source.Source, totals.Keys + source.Keys, totals.Bytes + source.Bytes);
        }

        if (_sources.Count > 4 * capacity)
        {
            Forget();
        }
    }

    /// <summary>
    /// The ranking of all parts. Totals are exact. A listed network has at least as much as it says, and exactly that if <see
    /// cref="IsExact"/>.
    /// </summary>
    public SourceRanking Rank(int count)
    {
        var ranking = Choose(count);
        return ranking with { MostOtherKeys = ranking.MostOtherKeys + _missedKeys, MostOtherBytes = ranking.MostOtherBytes + _missedBytes };
    }

    private SourceRanking Choose(int count)
    {
        var ranker = new SourceRanker(count);
        foreach (var source in _sources.Values)
        {
            ranker.Add(source);
        }

        return ranker.Rank(_keys, _bytes);
    }

    private void Forget()
    {
        var kept = Choose(capacity);
        Miss(kept);
        _sources.Clear();
        foreach (var source in kept.Sources)
        {
            _sources.Add(source.Source, source);
        }
    }

    private void Miss(SourceRanking part)
    {
        _missedKeys += part.MostOtherKeys;
        _missedBytes += part.MostOtherBytes;
    }
}
