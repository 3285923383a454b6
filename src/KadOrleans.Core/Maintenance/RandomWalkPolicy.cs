namespace KadOrleans.Core.Maintenance;

/// <summary>Decides when a table is due for random walks: at an interval, and at once when it has too few contacts.</summary>
internal sealed class RandomWalkPolicy(TimeSpan interval, int minTableSize)
{
    /// <summary>
    /// Pause after the first check that found too few contacts; it doubles up to the interval. Without it a node whose
    /// network is that small would walk without end.
    /// </summary>
    public static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(1);

    /// <summary>The longest time before contacts that were lost, or the first to be met, are noticed.</summary>
    public static readonly TimeSpan CheckPause = TimeSpan.FromSeconds(10);

    /// <summary>The share of the interval by which a refresh may come early, so that nodes do not walk together.</summary>
    private const double EarliestShare = 0.1;

    public bool IsSmall(int tableSize) => tableSize < minTableSize;

    /// <summary>Whether a refresh is due, up to a tenth of the interval early. Never for an empty table: there is nobody to query.</summary>
    public bool IsDue(int tableSize, TimeSpan? sinceLast, double earliness = 0) =>
        tableSize > 0 && (IsSmall(tableSize) || sinceLast is null || sinceLast >= interval * (1 - (EarliestShare * earliness)));

    /// <summary>The time until the next check, after so many in a row that found a small table or whose refresh failed.</summary>
    public TimeSpan GetPause(int tableSize, int fruitless)
    {
        var check = CheckPause < interval ? CheckPause : interval;
        if (fruitless == 0)
        {
            return check;
        }

        var backOff = FirstBackOff * Math.Pow(2, Math.Min(fruitless - 1, 30));

        // A check of an empty table costs nothing, and the first contact should not wait for its walk.
        var longest = tableSize == 0 ? check : interval;
        return backOff < longest ? backOff : longest;
    }
}
