namespace KadOrleans.Core.Crawling;

/// <summary>One endpoint, as a <see cref="Crawl"/> works on it.</summary>
internal sealed class CrawledNode(UdpEndpoint endpoint, CrawledNode? namer)
{
    // Of the ids that others claim for an endpoint, a few show that something is wrong; liars could name any number.
    public const int MaxClaimedIds = 8;

    private List<NodeId>? _claimedIds;

    public UdpEndpoint Endpoint { get; } = endpoint;

    /// <summary>The node that named it first; null for a node that the crawl began with.</summary>
    public CrawledNode? Namer { get; } = namer;

    public CrawlState State { get; set; }

    public NodeId? Id { get; set; }

    public TimeSpan? RoundTrip { get; private set; }

    public int Contacts { get; set; }

    public int Queries { get; set; }

    public bool IsComplete { get; set; }

    public AddressForm Form { get; set; }

    /// <summary>Consecutive failed requests.</summary>
    public int Failures { get; set; }

    /// <summary>The walk through its table, while it is visited.</summary>
    public TableWalk? Walk { get; set; }

    /// <summary>Endpoints that it named first and that have not been asked to the end.</summary>
    public int Pending { get; set; }

    /// <summary>Endpoints that it named first and where no node answers.</summary>
    public int Dead { get; set; }

    /// <summary>Whether its walk waits for what becomes of the contacts it named.</summary>
    public bool IsPaused { get; set; }

    public void Claim(NodeId id)
    {
        _claimedIds ??= [];
        if (_claimedIds.Count < MaxClaimedIds && !_claimedIds.Contains(id))
        {
            _claimedIds.Add(id);
        }
    }

    public void Measure(TimeSpan roundTrip)
    {
        if (RoundTrip is null || roundTrip < RoundTrip)
        {
            RoundTrip = roundTrip;
        }
    }

    public CrawlRecord ToRecord() => new()
    {
        Endpoint = Endpoint,
        State = State,
        Id = Id,
        ClaimedIds = _claimedIds is null ? [] : [.. _claimedIds.Where(id => id != Id)],
        RoundTrip = RoundTrip,
        Contacts = Walk?.Contacts ?? Contacts,
        Queries = Walk?.Queries ?? Queries,
        IsComplete = IsComplete,
        Form = Form,
    };

    public static CrawledNode FromRecord(CrawlRecord record)
    {
        var node = new CrawledNode(record.Endpoint, null)
        {
            State = record.State,
            Id = record.Id,
            RoundTrip = record.RoundTrip,
            Contacts = record.Contacts,
            Queries = record.Queries,
            IsComplete = record.IsComplete,
            Form = record.Form,
        };
        foreach (var id in record.ClaimedIds)
        {
            node.Claim(id);
        }

        return node;
    }
}
