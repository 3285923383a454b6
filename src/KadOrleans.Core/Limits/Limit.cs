using System.Text.Json;

namespace KadOrleans.Core;

/// <summary>A limit that an operator may change while a node or a cluster runs. Values are whole numbers of its unit.</summary>
public sealed class Limit
{
    /// <summary>Values up to it are exact in JSON.</summary>
    private const long MostBytes = 1L << 50;

    private const long MostRequests = 10_000_000;

    // A pause of two seconds may be made up for, as by default.
    private const int BurstSeconds = 2;

    private readonly bool _allowsNoBound;
    private readonly bool _isBoundByMemory;

    private Limit(
        string name,
        string unit,
        LimitScope scope,
        (long Least, long Most) bounds,
        Func<LimitValues, long> read,
        Func<LimitValues, long, LimitValues> change,
        bool allowsNoBound = false,
        bool isBoundByMemory = false)
    {
        (Name, Unit, Scope, Least, Most, Read, Change) = (name, unit, scope, bounds.Least, bounds.Most, read, change);
        (_allowsNoBound, _isBoundByMemory) = (allowsNoBound, isBoundByMemory);
    }

    /// <summary>All limits, in the order in which they are listed.</summary>
    public static IReadOnlyList<Limit> All { get; } =
    [
        .. QuotaOption.All.Select(OfQuota),
        OfRequests("requestsPerSource",
            values => (long)values.Requests.PerSource.PerSecond,
            (values, value) => values with { Requests = values.Requests with { PerSource = RateOf(value) } }),
        OfRequests("requestsPerSubnet",
            values => (long)values.Requests.PerSubnet.PerSecond,
            (values, value) => values with { Requests = values.Requests with { PerSubnet = RateOf(value) } }),
        OfUpload("uploadPerEndpoint",
            values => values.Upload.PerEndpoint,
            (values, value) => values with { Upload = values.Upload with { PerEndpoint = value } }),
        OfUpload("upload",
            values => values.Upload.Total,
            (values, value) => values with { Upload = values.Upload with { Total = value } }),
        new("crawlRate", "datagrams per second", LimitScope.Silos, (1, CrawlOptions.HighestRate),
            values => values.CrawlRate, (values, value) => values with { CrawlRate = (int)value }),
    ];

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What its values count.</summary>
    public string Unit { get; }

    /// <summary>The least value that is allowed, besides 0 where that means no bound.</summary>
    public long Least { get; }

    /// <summary>The most that is allowed.</summary>
    public long Most { get; }

    internal LimitScope Scope { get; }

    internal Func<LimitValues, long> Read { get; }

    internal Func<LimitValues, long, LimitValues> Change { get; }

    /// <summary>The limit of a name, whatever its case; null if there is none.</summary>
    public static Limit? Find(string? name) =>
        All.FirstOrDefault(limit => string.Equals(limit.Name, name, StringComparison.OrdinalIgnoreCase));

    internal static Limit Parse(string name) => Find(name) ?? throw new ArgumentException(Unknown(name));

    internal static string Unknown(string? name) =>
        $"There is no limit '{VisibleText.Excerpt(name ?? string.Empty)}'; {string.Join(", ", All.Select(limit => limit.Name))} are allowed."
        + Suggestion.Question(name ?? string.Empty, All.Select(limit => limit.Name));

    /// <summary>What an edge has without a setting of its own; null of limits that are the cluster's.</summary>
    internal long? UsualOfEdges => Scope == LimitScope.Edges ? Read(new LimitValues(new StoreQuota(), new SourceLimits(), new UploadLimits(), CrawlRate: 0)) : null;

    internal long MostOf(int mostKeys) => _isBoundByMemory ? Math.Min(Most, mostKeys) : Most;

    /// <summary>Null if a process that can hold so many keys allows the value.</summary>
    internal string? FindProblem(long value, int mostKeys)
    {
        var most = MostOf(mostKeys);
        if ((value >= Least && value <= most) || (_allowsNoBound && value == 0))
        {
            return null;
        }

        var suffix = _allowsNoBound ? ", or 0 for no bound" : most < Most ? ", as more do not fit into the memory of this process" : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"The limit {Name} is {value}; {Least} to {most} {Unit} are allowed{suffix}.");
    }

    private static Limit OfQuota(QuotaOption option) => new(
        JsonNamingPolicy.CamelCase.ConvertName(option.Name),
        option.Limit.Unit,
        LimitScope.Silos,
        ((long)option.Bounds.Least, Math.Min((long)option.Bounds.Most, MostBytes)),
        values => option.Read(values.Quota),
        (values, value) => values with { Quota = option.Change(values.Quota, value) with { KeepsHeld = true } },
        isBoundByMemory: option.Limit.IsBoundByMemory);

    private static Limit OfRequests(string name, Func<LimitValues, long> read, Func<LimitValues, long, LimitValues> change) =>
        new(name, "requests per second", LimitScope.Edges, (1, MostRequests), read, change);

    private static Limit OfUpload(string name, Func<LimitValues, long> read, Func<LimitValues, long, LimitValues> change) =>
        new(name, "bytes per second", LimitScope.Edges, (UploadLimits.Least, UploadLimits.Most), read, change, allowsNoBound: true);

    private static TokenRate RateOf(long perSecond) => new(perSecond, BurstSeconds * perSecond);
}

/// <summary>Who keeps a limit in a cluster. A node keeps all itself.</summary>
internal enum LimitScope
{
    Silos,
    Edges,
}

/// <summary>A limit that an operator changed.</summary>
/// <param name="Name">Which: the <see cref="Limit.Name"/>.</param>
/// <param name="Value">Its value in place of the setting's.</param>
/// <param name="Since">When it was changed.</param>
internal sealed record LimitEntry(string Name, long Value, DateTimeOffset Since);

internal sealed record LimitValues(StoreQuota Quota, SourceLimits Requests, UploadLimits Upload, int CrawlRate);
