using KadOrleans.Core.Crawling;
using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Crawling;

/// <summary>A crawl as stored: below 512 KiB with 1,024 slices.</summary>
[GenerateSerializer]
[Alias("kad.CrawlState")]
internal sealed class CrawlState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; }

    [Id(1)]
    public string Report { get; set; } = string.Empty;

    /// <summary>The length of the slices' prefixes.</summary>
    [Id(2)]
    public int Depth { get; set; }

    [Id(3)]
    public List<CrawlSliceState> Slices { get; set; } = [];

    /// <summary>The number of pages written: the next one has this number.</summary>
    [Id(4)]
    public int Pages { get; set; }
}

[GenerateSerializer]
[Alias("kad.CrawlSliceState")]
internal sealed class CrawlSliceState
{
    /// <summary>Whether it is done. Then it has its pages.</summary>
    [Id(0)]
    public bool IsDone { get; set; }

    /// <summary>How often an edge came to its end.</summary>
    [Id(1)]
    public int Tries { get; set; }

    /// <summary>The number of its last lease.</summary>
    [Id(2)]
    public int Number { get; set; }

    /// <summary>The edge that has the lease; null if none has.</summary>
    [Id(3)]
    public string? Edge { get; set; }

    /// <summary>The lease's datagrams per second.</summary>
    [Id(4)]
    public int Rate { get; set; }

    /// <summary>The number of its first page.</summary>
    [Id(5)]
    public int FirstPage { get; set; }

    /// <summary>How many pages it has.</summary>
    [Id(6)]
    public int Pages { get; set; }
}

[GenerateSerializer]
[Alias("kad.CrawlPageState")]
internal sealed class CrawlPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; }

    /// <summary>The crawl that it is of. A page of an older crawl counts as missing.</summary>
    [Id(1)]
    public string Crawl { get; set; } = string.Empty;

    [Id(2)]
    public byte[] Content { get; set; } = [];
}
