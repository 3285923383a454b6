using KadOrleans.Core.Admission;

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
public sealed record SourceRanking(long Keys, long Bytes, IReadOnlyList<SourceTotals> Sources, long MostOtherKeys, long MostOtherBytes);

/// <summary>Finds the networks with most keys and those with most bytes among any number, in memory for these alone.</summary>
internal sealed class SourceRanker(int count)
{
    private readonly Top _byKeys = new(count, static source => source.Keys);
    private readonly Top _byBytes = new(count, static source => source.Bytes);
    private bool _isCut;

    public void Add(SourceTotals source)
    {
        // Both, whatever the first says.
        _isCut |= _byKeys.Add(source) | _byBytes.Add(source);
    }

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
        // The least is on top. Of equal ones the lower network is the greater, so that a ranking does not depend on the order.
        private readonly PriorityQueue<SourceTotals, SourceTotals> _queue = new(Comparer<SourceTotals>.Create((one, other) =>
            (amount(one), other.Source.High, other.Source.Low).CompareTo((amount(other), one.Source.High, one.Source.Low))));

        public IEnumerable<SourceTotals> Sources => _queue.UnorderedItems.Select(item => item.Element);

        public long Least => amount(_queue.Peek());

        /// <summary>Adds a network. Returns whether there was no room for all.</summary>
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
