namespace KadOrleans.Lab;

/// <summary>Shares of values' true k nearest living nodes that hold them, at several times.</summary>
public sealed class HeldShares
{
    // Of shares 0 to 1, how many were seen: as many steps as any k up to 64 has.
    private readonly SortedDictionary<double, long> _seen = [];
    private readonly List<double> _means = [];

    /// <summary>The mean of each time that the values were looked at, the end last.</summary>
    public IReadOnlyList<double> Means => _means;

    /// <summary>The mean of all times; 1 without values.</summary>
    public double Mean => MeanOf(1);

    /// <summary>The mean at the end; 1 without values.</summary>
    public double End => _means.LastOrDefault(1);

    /// <summary>The mean of the hundredth part of all looks that saw the least, one look at least; 1 without values.</summary>
    public double WorstPercent => MeanOf(0.01);

    internal void Add(IReadOnlyCollection<double> shares)
    {
        foreach (var share in shares)
        {
            _seen[share] = _seen.GetValueOrDefault(share) + 1;
        }

        _means.Add(shares.DefaultIfEmpty(1).Average());
    }

    private double MeanOf(double part)
    {
        var count = (long)Math.Ceiling(part * _seen.Values.Sum());
        var (left, sum) = (count, 0.0);
        foreach (var (share, times) in _seen)
        {
            var taken = Math.Min(left, times);
            (left, sum) = (left - taken, sum + (taken * share));
        }

        return count == 0 ? 1 : sum / count;
    }
}
