namespace KadOrleans.Core;

// Estimates the number of nodes from how near lookups' last contacts are. Ids are spread evenly, so the share of the space within
// the distance of the k-th nearest has a Gamma(k) distribution around k / N. Its cube root is nearly normal (Wilson and Hilferty,
// 1931). The roots are averaged without the lowest and highest fifth, so a minority of lookups near made-up ids has no effect.
// Bounded; not safe for several threads.
internal sealed class NetworkSizeEstimator
{
    /// <summary>With fewer, one liar would sway the estimate.</summary>
    public const int MinLookups = 8;

    // Left out at each end, as a share of all.
    private const double Trimmed = 0.2;

    // A network's own irregularity, which no number of lookups averages out: relative variance of the estimate per 1/N.
    private const double IrregularityPerNode = 0.5;

    // Targets that share more bits with the own id are left out: contacts may have been placed beside it.
    private const int SharedBits = 8;

    private readonly NodeId? _ownId;
    private readonly int _capacity;
    private readonly OrderedDictionary<NodeId, Sample> _samples = [];

    public NetworkSizeEstimator(NodeId? ownId, int window = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, MinLookups);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, 100_000);
        (_ownId, _capacity) = (ownId, window);
    }

    public int Count => _samples.Count;

    // A second lookup of a target replaces the first, so a popular key counts once. Targets beside the own id are ignored. The
    // target must be independent of the nodes' ids. With fewer than k contacts the lookup saw the whole network.
    public void Add(NodeId target, IReadOnlyList<Contact> closest, int k)
    {
        if (closest.Count == 0 || _ownId?.CommonPrefixLength(target) > SharedBits || closest[^1].Id.DistanceTo(target).ToFraction() <= 0)
        {
            return;
        }

        if (_samples.Count == _capacity && !_samples.ContainsKey(target))
        {
            _samples.RemoveAt(0);
        }

        _samples[target] = Measure(target, closest, k);
    }

    public NetworkSizeEstimate? Estimate()
    {
        if (_samples.Count < MinLookups)
        {
            return null;
        }

        // Where most lookups saw the whole network, it has been counted.
        var counts = _samples.Values.Where(s => s.IsWhole).Select(s => s.Rank).Order().ToList();
        if (counts.Count * 2 > _samples.Count)
        {
            return new NetworkSizeEstimate(counts[counts.Count / 2], 0, _samples.Count);
        }

        var roots = _samples.Values.Where(s => !s.IsWhole).Select(s => s.Root).Order().ToArray();
        return FromRoots(roots);
    }

    private NetworkSizeEstimate FromRoots(double[] roots)
    {
        var cut = (int)(roots.Length * Trimmed);
        var mean = roots[cut..^cut].Average();
        var nodes = 1 / (mean * mean * mean);

        // The trimmed mean's error from the values with their ends pulled in (Tukey and McLaughlin, 1963).
        var pulled = roots.Select(r => Math.Clamp(r, roots[cut], roots[^(cut + 1)])).ToArray();
        var centre = pulled.Average();
        var variance = pulled.Sum(r => (r - centre) * (r - centre)) / (pulled.Length - 1);
        var error = Math.Sqrt(variance / roots.Length) / (1 - (2 * Trimmed)) / mean;
        var relative = Math.Sqrt((9 * error * error) + (IrregularityPerNode / nodes));
        return new NetworkSizeEstimate(nodes, nodes * relative, _samples.Count);
    }

    private Sample Measure(NodeId target, IReadOnlyList<Contact> closest, int k)
    {
        var rank = closest.Count;
        var farthest = closest[^1].Id.DistanceTo(target);
        var isWhole = rank < k;
        if (_ownId is { } own && (isWhole || own.DistanceTo(target) < farthest))
        {
            rank++;
        }

        // The mean of the cube root of a Gamma(k) variable over k.
        var expected = 1 - (1.0 / (9 * rank));
        return new Sample(rank, isWhole, Math.Cbrt(farthest.ToFraction() / rank) / expected);
    }

    /// <summary>The rank of the farthest contact, and the cube root of its distance per rank, freed from bias.</summary>
    private readonly record struct Sample(int Rank, bool IsWhole, double Root);
}

/// <summary>How many nodes a network has, as far as lookups tell.</summary>
/// <param name="Nodes">The estimate; 0 or more, not rounded.</param>
/// <param name="StandardError">In nodes: the truth lies within twice this in about 19 of 20 cases, if nobody lies.</param>
/// <param name="Lookups">How many lookups it rests on.</param>
public sealed record NetworkSizeEstimate(double Nodes, double StandardError, int Lookups);
