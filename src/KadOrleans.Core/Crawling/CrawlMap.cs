using System.Globalization;

namespace KadOrleans.Core.Crawling;

/// <summary>
/// How the endpoints of a crawl are spread over the ids that begin with a prefix. They are counted in <see cref="Pieces"/>, and listed where
/// they are few. An endpoint without an id of its own is where others say. Not safe for several threads.
/// </summary>
internal sealed class CrawlMap
{
    /// <summary>The pieces of the range: the next two digits of the ids.</summary>
    public const int Pieces = 256;

    /// <summary>The longest prefix in hexadecimal digits: two are left for the pieces.</summary>
    public const int LongestPrefix = (NodeId.Length * 2) - 2;

    /// <summary>The most endpoints that are told one by one: as many as a picture of dots shows well.</summary>
    public const int MostNodes = 200;

    private readonly string _prefix;
    private readonly int[] _reachable = new int[Pieces];
    private readonly int[] _unreachable = new int[Pieces];
    private readonly List<CrawlRecord> _nodes = [];
    private int _count;

    public CrawlMap(string prefix)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefix.Length, LongestPrefix);
        _prefix = prefix.ToLowerInvariant();
    }

    public IReadOnlyList<int> Reachable => _reachable;

    public IReadOnlyList<int> Unreachable => _unreachable;

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
        (record.IsReachable ? _reachable : _unreachable)[piece]++;
        if (++_count <= MostNodes)
        {
            _nodes.Add(record);
        }
    }
}
