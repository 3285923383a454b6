using System.Text;

namespace KadOrleans.Core.Values;

/// <summary>What one source network holds.</summary>
/// <param name="Source">The network; <see cref="SourceNetwork.Trusted"/> for what was stored here itself or by trusted sources.</param>
/// <param name="Keys">Its keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
public readonly record struct SourceTotals(SourceNetwork Source, long Keys, long Bytes);

/// <summary>The source networks that hold most of some keys, and a bound for the others.</summary>
/// <param name="Keys">Keys of all networks.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
/// <param name="Sources">Those with most keys and those with most bytes, most bytes first.</param>
/// <param name="MostOtherKeys">The most keys that a network may have which is not listed; 0 if all are.</param>
/// <param name="MostOtherBytes">The most bytes that such a network may have.</param>
public sealed record SourceRanking(long Keys, long Bytes, IReadOnlyList<SourceTotals> Sources, long MostOtherKeys, long MostOtherBytes)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>Finds the networks with most keys and with most bytes, in memory for these alone.</summary>
internal sealed class SourceRanker(int count)
{
    private readonly Top _byKeys = new(count, static source => source.Keys);
    private readonly Top _byBytes = new(count, static source => source.Bytes);
    private bool _isCut;

    // Not ||: both must run.
    public void Add(SourceTotals source) => _isCut |= _byKeys.Add(source) | _byBytes.Add(source);

    public SourceRanking Rank(long keys, long bytes) => new(
        keys,
        bytes,
        [
            // One that was removed and came again between two parts may have been added twice.
            .. _byKeys.Sources.Concat(_byBytes.Sources).DistinctBy(source => source.Source).OrderByDescending(source => source.Bytes).ThenByDescending(source => source.Keys)
                .ThenBy(source => source.Source.High).ThenBy(source => source.Source.Low),
        ],
        _isCut ? _byKeys.Least : 0,
        _isCut ? _byBytes.Least : 0);

    private sealed class Top(int count, Func<SourceTotals, long> amount)
    {
        // The least is on top. Of equals the lower network is the greater: a ranking does not depend on the order.
        private readonly PriorityQueue<SourceTotals, SourceTotals> _queue = new(Comparer<SourceTotals>.Create((one, other) =>
            (amount(one), other.Source.High, other.Source.Low).CompareTo((amount(other), one.Source.High, one.Source.Low))));

        public IEnumerable<SourceTotals> Sources => _queue.UnorderedItems.Select(item => item.Element);

        public long Least => amount(_queue.Peek());

        public bool Add(SourceTotals source)
        {
            if (_queue.Count < count)
            {
                _queue.Enqueue(source, source);
                return false;
            }

            _queue.EnqueueDequeue(source, source);
            return true;
        }
    }
}

/// <summary>Ranks a store's networks in parts, as a million take about 0.1 s. The store may change in between.</summary>
internal sealed class SourceSurvey(StoreAccounts accounts, int count)
{
    private readonly SourceRanker _ranker = new(count);
    private int _next;

    public SourceRanking? Run(int most)
    {
        for (; most > 0 && _next < accounts.Numbers; most--, _next++)
        {
            if (accounts.TotalsAt(_next) is { } source)
            {
                _ranker.Add(source);
            }
        }

        if (_next < accounts.Numbers)
        {
            return null;
        }

        if (accounts.TotalsOf(SourceNetwork.Trusted) is { Keys: > 0 } trusted)
        {
            _ranker.Add(trusted);
        }

        return _ranker.Rank(accounts.Keys, accounts.Bytes);
    }
}

// Merges rankings of parts in bounded memory (Agarwal et al., Mergeable Summaries, 2012). The bound grows by what parts do not
// list and by what this forgets: no network has more than its merged numbers and the bound. Not thread-safe.
internal sealed class SourceMerge(int capacity)
{
    private readonly Dictionary<SourceNetwork, SourceTotals> _sources = [];
    private long _keys;
    private long _bytes;
    private long _missedKeys;
    private long _missedBytes;

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

    /// <summary>A listed network has at least as much as it says.</summary>
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
