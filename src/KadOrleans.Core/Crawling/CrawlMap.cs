namespace KadOrleans.Core;

// A crawl's endpoints by the next two digits of their ids after a prefix, and listed where they are few. Not thread-safe.
internal sealed class CrawlMap
{
    public const int Pieces = 256;

    public const int LongestPrefix = (NodeId.Length * 2) - 2;

    public const int MostNodes = 200;

    private readonly string _prefix;
    private readonly List<CrawlRecord> _nodes = [];
    private int _count;

    public CrawlMap(string prefix)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefix.Length, LongestPrefix);
        _prefix = prefix.ToLowerInvariant();
    }

    public int[] Reachable { get; } = new int[Pieces];

    public int[] Unreachable { get; } = new int[Pieces];

    public IReadOnlyList<CrawlRecord>? Nodes => _count > MostNodes ? null : [.. _nodes.OrderBy(record => record.Place)];

    public void Add(CrawlRecord record)
    {
        if ((!record.IsReachable && record.State != CrawlState.Unreachable)
            || record.Place?.ToString() is not { } id
            || !id.StartsWith(_prefix, StringComparison.Ordinal))
        {
            return;
        }

        var piece = int.Parse(id.AsSpan(_prefix.Length, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        (record.IsReachable ? Reachable : Unreachable)[piece]++;
        if (++_count <= MostNodes)
        {
            _nodes.Add(record);
        }
    }
}
