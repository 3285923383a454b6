namespace KadOrleans;

/// <summary>
/// Looks into a DHT and changes what it holds: for those who run it. A node has it as <c>KadNode.Admin</c>. In a cluster a silo has it;
/// other processes use the silo's HTTP API. Safe for any number of callers at once. A call throws
/// <see cref="DhtUnavailableException"/> if the storage or a shard failed, or no silo or edge responds. A change may then be done in part,
/// and the call may be repeated. The work for a page of keys or publications is bounded. So it may have fewer than asked for, or none,
/// although more follow.
/// </summary>
public interface IDhtAdmin
{
    /// <summary>The most keys of a page.</summary>
    const int MaxPage = 1_000;

    /// <summary>The most source networks by keys, and by bytes, that one call returns. Others are in the totals.</summary>
    const int MaxSources = 500;

    /// <summary>The entries that the audit log keeps.</summary>
    const int MaxAudit = 10_000;

    /// <summary>The live keys held here whose ids begin with a prefix, in ascending order, without their values.</summary>
    /// <param name="prefix">The first 0 to 40 hexadecimal digits of the ids.</param>
    /// <param name="after">The <see cref="KeyPage.Next"/> of the page before; null for the first page.</param>
    /// <param name="count">The most keys, 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The prefix or the count is not allowed.</exception>
    Task<KeyPage> ScanAsync(string prefix, NodeId? after, int count, CancellationToken cancellationToken = default);

    /// <summary>Describes a key: what is held here, whether it is published here, and what the k nearest nodes hold now.</summary>
    Task<KeyDetails> DescribeKeyAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes a key from here and stops publishing it, durably. Copies of other nodes stay until they expire, and one of those nodes may store the
    /// value here again.
    /// </summary>
    Task<KeyDeletion> DeleteAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>The keys that this DHT publishes, in ascending order.</summary>
    /// <param name="after">The <see cref="PublicationPage.Next"/> of the page before; null for the first page.</param>
    /// <param name="count">The most publications, 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The count is not allowed.</exception>
    Task<PublicationPage> ScanPublicationsAsync(NodeId? after, int count, CancellationToken cancellationToken = default);

    /// <summary>
    /// The values held here with their times and sources, and those that this cluster still publishes although they have expired. A cluster's
    /// are in ascending order of their keys. What is stored meanwhile may be left out.
    /// </summary>
    /// <exception cref="DhtUnavailableException">The storage or a shard failed.</exception>
    /// <exception cref="NotSupportedException">The implementation cannot.</exception>
    IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadValuesAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} does not export values.");

    /// <summary>
    /// Stores values with their times and sources, and returns the results in their order. Of two values of a key the one stored later stays.
    /// <see cref="StoreResult.Stored"/> means durable. A cluster goes on publishing those with <see cref="StoredValue.PublishedAt"/>.
    /// </summary>
    /// <param name="values">At most <see cref="MaxPage"/>.</param>
    /// <param name="cancellationToken">Ends the wait; some may be stored.</param>
    /// <exception cref="ArgumentException">There are none, or too many.</exception>
    /// <exception cref="DhtUnavailableException">The storage or a shard failed; some may be stored. The call may be repeated.</exception>
    /// <exception cref="NotSupportedException">The implementation cannot.</exception>
    Task<IReadOnlyList<StoreResult>> ImportAsync(
        IReadOnlyList<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} does not import values.");

    /// <summary>The keys and bytes held here, of a cluster by shard.</summary>
    Task<DhtUsage> GetUsageAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// The source networks that hold most keys and those that hold most bytes, up to <paramref name="count"/> of each (1 to
    /// <see cref="MaxSources"/>). No key is read for it. Those of a cluster are exact unless keys change meanwhile.
    /// </summary>
    /// <exception cref="ArgumentException">The count is not allowed.</exception>
    Task<DhtSources> GetSourcesAsync(int count, CancellationToken cancellationToken = default);

    /// <summary>Describes the routing table of a node id. Null: the node's own, or the only one of a cluster.</summary>
    /// <exception cref="ArgumentException">The id is none of this DHT, or it has several and none is given.</exception>
    Task<TableDetails> GetTableAsync(NodeId? id = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Looks a target up in the network, from this node or a live edge, and tells each query. It changes nothing but what a lookup learns.
    /// Cancelled, a node's lookup ends with what it has.
    /// </summary>
    Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken = default);

    /// <summary>The edges of a cluster by name, in their order. Empty for a node.</summary>
    Task<IReadOnlyList<EdgeDetails>> GetEdgesAsync(CancellationToken cancellationToken = default);

    /// <summary>Changes an edge's name, durably. Returns false if nothing had to be changed.</summary>
    /// <exception cref="ArgumentException">The name is unknown, its state does not allow it, or this is one node.</exception>
    Task<bool> ChangeEdgeAsync(string name, EdgeAction action, CancellationToken cancellationToken = default);

    /// <summary>What each routing table knows of a contact. Empty if none has it.</summary>
    Task<IReadOnlyList<ContactDetails>> GetContactAsync(NodeId id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Drops a contact from all routing tables and returns how many had it. It comes back when it is heard of again; a ban keeps it away.
    /// </summary>
    Task<int> DropContactAsync(NodeId id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Begins work now that is done at intervals otherwise, and does not wait for its end. Returns how many tables or shards took it; those
    /// that have enough to do take none.
    /// </summary>
    Task<int> RunAsync(DhtWork work, CancellationToken cancellationToken = default);

    /// <summary>The number of a cluster's shards. May begin to double it first, which cannot be stopped.</summary>
    /// <exception cref="ArgumentException">It cannot be doubled now, or this is one node.</exception>
    Task<ShardCount> GetShardsAsync(bool isDoubled = false, CancellationToken cancellationToken = default);

    /// <summary>
    /// The silos of a cluster: those that are not dead by address, and behind them the last 20 dead ones. A silo that is asked over HTTP tells
    /// what it knows, also while it is not ready. Empty for a node.
    /// </summary>
    Task<IReadOnlyList<SiloDetails>> GetSilosAsync(CancellationToken cancellationToken = default);

    /// <summary>The shard of a key, and the silo that it is active on. It is not activated by this.</summary>
    /// <exception cref="ArgumentException">This is one node.</exception>
    Task<ShardDetails> FindShardAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>The shard of a number, from 0, and the silo that it is active on. It is not activated by this.</summary>
    /// <exception cref="ArgumentException">There is no such shard, or this is one node.</exception>
    Task<ShardDetails> GetShardAsync(int number, CancellationToken cancellationToken = default);

    /// <summary>Adds an entry to the audit log, durably. The log keeps the last <see cref="MaxAudit"/> and gives them numbers.</summary>
    Task NoteAsync(AuditEntry entry, CancellationToken cancellationToken = default);

    /// <summary>The last entries of the audit log, newest first. A cluster has one log.</summary>
    /// <param name="count">The most entries, 1 to <see cref="MaxPage"/>.</param>
    /// <param name="before">Only entries with lower numbers: the last number of the page before. Null: all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The count is not allowed.</exception>
    Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before = null, CancellationToken cancellationToken = default);

    /// <summary>The bans in force.</summary>
    Task<BanList> GetBansAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Bans an id or a range of addresses, durably. Its contacts leave the tables, its requests get no response, and it is not asked. A cluster's live
    /// edges follow it when this returns, except those in <see cref="BanChange.Missing"/>.
    /// </summary>
    /// <exception cref="ArgumentException">There are 1,024 bans, or it is an id of this DHT.</exception>
    Task<BanChange> BanAsync(Ban ban, CancellationToken cancellationToken = default);

    /// <summary>Ends a ban, durably, as <see cref="BanAsync"/> begins it. The ban must be the same as there.</summary>
    Task<BanChange> UnbanAsync(Ban ban, CancellationToken cancellationToken = default);

    /// <summary>The limits that can be changed while the DHT runs: those of the settings, or what they were changed to.</summary>
    Task<LimitList> GetLimitsAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Changes a limit, durably. It holds in place of the setting, after restarts too, until it is set back. A quota below what is held refuses further
    /// keys and removes none. A cluster's live edges and the silo that is asked follow it when this returns. The other silos follow within
    /// 15 s. <see cref="LimitChange.Missing"/> has those that do not follow yet.
    /// </summary>
    /// <param name="name">Which limit: the <see cref="Limit.Name"/>, whatever its case.</param>
    /// <param name="value">Its value. Null: back to the setting.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">There is no such limit, or the value is not allowed.</exception>
    Task<LimitChange> SetLimitAsync(string name, long? value, CancellationToken cancellationToken = default);

    /// <summary>
    /// Starts to visit every node of the network, as asked or as the settings say, and returns at once. One crawl runs at a time: if one runs,
    /// its report is returned. Cancelling does not stop the crawl.
    /// </summary>
    /// <exception cref="ArgumentException">The rate or the number of nodes is not allowed.</exception>
    Task<CrawlReport> StartCrawlAsync(CrawlRequest? request = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// The progress of a crawl: its report now, each second when it changed, and the last one when the crawl ended. Without an id it is the one
    /// that runs, or a new one. Ending the enumeration does not stop the crawl.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such crawl.</exception>
    IAsyncEnumerable<CrawlReport> CrawlAsync(string? id = null, CancellationToken cancellationToken = default);

    /// <summary>The crawl that runs and the last <see cref="CrawlReport.MaxKept"/> that ended, newest first.</summary>
    Task<IReadOnlyList<CrawlReport>> GetCrawlsAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// What a crawl found: each endpoint of the network once, as far as it has got. In ranges of ids by ascending prefix; within a range in
    /// no order.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such crawl.</exception>
    IAsyncEnumerable<CrawlRecord> ReadCrawlAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Stops a crawl and keeps what it found. Returns whether it ran.</summary>
    /// <exception cref="ArgumentException">There is no such crawl.</exception>
    Task<bool> StopCrawlAsync(string id, CancellationToken cancellationToken = default);
}

/// <summary>How to crawl.</summary>
/// <param name="Rate">Datagrams per second, of all edges together; 1 to 10,000. Null: as the settings say; 200 for a node.</param>
/// <param name="MaxNodes">The most endpoints remembered, 1 to 2,000,000. Null: as the settings say; 200,000 for a node.</param>
public sealed record CrawlRequest(int? Rate = null, int? MaxNodes = null);

/// <summary>Some keys in ascending order.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="Next">Where the next page begins; null after the last one.</param>
public sealed record KeyPage(IReadOnlyList<KeySummary> Keys, NodeId? Next);

/// <summary>A held key without its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Kind">The value's type.</param>
/// <param name="Length">The value's content in bytes.</param>
/// <param name="StoredAt">When the last STORE of it arrived.</param>
/// <param name="ExpiresAt">The end of its life.</param>
/// <param name="Source">The network that it is counted against.</param>
public sealed record KeySummary(
    NodeId Key, DhtValueKind Kind, int Length, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, SourceNetwork Source)
{
    internal static KeySummary Of(NodeId key, StoredValue held) =>
        new(key, held.Value.Kind, held.Value.ContentLength, held.StoredAt, held.ExpiresAt, held.Source);
}

/// <summary>Some publications in ascending order.</summary>
/// <param name="Publications">The publications.</param>
/// <param name="Next">Where the next page begins; null after the last one.</param>
public sealed record PublicationPage(IReadOnlyList<PublicationSummary> Publications, NodeId? Next);

/// <summary>A publication without its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Kind">The value's type.</param>
/// <param name="Length">The value's content in bytes.</param>
/// <param name="PublishedAt">When it was published last.</param>
public sealed record PublicationSummary(NodeId Key, DhtValueKind Kind, int Length, DateTimeOffset PublishedAt);

/// <summary>A key in full.</summary>
/// <param name="Key">The key.</param>
/// <param name="Held">The live value held here; null if there is none.</param>
/// <param name="PublishedAt">When this DHT published the key last; null if it does not.</param>
/// <param name="Nearest">The k nearest nodes of the network, nearest first. Empty if nobody could be asked.</param>
/// <param name="NetworkProblem">Why the network could not be asked, in one sentence; null if it was.</param>
public sealed record KeyDetails(
    NodeId Key, StoredValue? Held, DateTimeOffset? PublishedAt, IReadOnlyList<KeyHolder> Nearest, string? NetworkProblem = null);

/// <summary>What one of the nearest nodes holds of a key.</summary>
/// <param name="Contact">The node.</param>
/// <param name="Answered">Whether it responded.</param>
/// <param name="Value">Its value; null if it has none or did not respond.</param>
public sealed record KeyHolder(Contact Contact, bool Answered, DhtValue? Value);

/// <summary>The result of a deletion.</summary>
/// <param name="WasHeld">Whether a value was held here. An expired one counts.</param>
/// <param name="WasPublished">Whether this DHT published the key.</param>
public sealed record KeyDeletion(bool WasHeld, bool WasPublished);

/// <summary>What a DHT holds.</summary>
/// <param name="Keys">Keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
/// <param name="Shards">The parts of a cluster, by ascending number; empty for a node.</param>
/// <param name="Missing">The shards that did not respond in time. They are not counted.</param>
public sealed record DhtUsage(long Keys, long Bytes, IReadOnlyList<DhtShardUsage> Shards, IReadOnlyList<long> Missing);

/// <summary>What a shard holds.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Keys">Keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
public sealed record DhtShardUsage(long Shard, long Keys, long Bytes);

/// <summary>What a DHT holds by source network.</summary>
/// <param name="Ranking">The networks that hold most, and totals.</param>
/// <param name="Missing">The shards that did not respond in time. They are not counted.</param>
public sealed record DhtSources(SourceRanking Ranking, IReadOnlyList<long> Missing);

/// <summary>A routing table.</summary>
/// <param name="Id">The node id whose table it is.</param>
/// <param name="Buckets">The buckets in the order of their ranges.</param>
public sealed record TableDetails(NodeId Id, IReadOnlyList<TableBucket> Buckets)
{
    internal static TableDetails Of(NodeId id, IEnumerable<BucketSummary> buckets, IReadOnlyList<Contact> contacts) => new(
        id,
        [.. buckets.Select(bucket => new TableBucket(
            bucket, [.. contacts.Where(contact => bucket.Range.Contains(contact.Id))]))]);
}

/// <summary>A bucket with its contacts.</summary>
/// <param name="Summary">Its range, its replacements and its last lookup.</param>
/// <param name="Contacts">The contacts by ascending id. A contact that came or went meanwhile may be missing.</param>
public sealed record TableBucket(BucketSummary Summary, IReadOnlyList<Contact> Contacts);

internal static class AdminArguments
{
    private const int Digits = NodeId.Length * 2;

    public static void Check(CrawlRequest request)
    {
        Check("rate", request.Rate, CrawlOptions.HighestRate);
        Check("number of nodes", request.MaxNodes, CrawlOptions.HighestMaxNodes);
    }

    public static ArgumentException UnknownCrawl(string? id) => new($"There is no crawl '{VisibleText.Excerpt(id ?? string.Empty)}'.");

    public static void CheckCount(int count, int most = IDhtAdmin.MaxPage) => Check("count", count, most);

    public static KeyRegion CheckPage(string prefix, int count)
    {
        CheckCount(count);
        return prefix.Length <= Digits && NodeId.TryParse(prefix.PadRight(Digits, '0'), out var bits)
            ? new KeyRegion(bits, NodeId.Parse(new string('f', prefix.Length).PadRight(Digits, '0')))
            : throw new ArgumentException($"The prefix is '{VisibleText.Excerpt(prefix)}'; 0 to {Digits} hexadecimal digits are allowed.");
    }

    private static void Check(string what, int? value, int most)
    {
        if (value < 1 || value > most)
        {
            throw new ArgumentException($"The {what} is {value}; 1 to {most} is allowed.");
        }
    }
}
