namespace KadOrleans;

/// <summary>
/// Looks into a DHT and changes what it holds: for those who run it. A node has it as <c>KadNode.Admin</c>. In a cluster a silo has it;
/// other processes use the silo's HTTP API. Safe for any number of callers at once. A call throws
/// <see cref="DhtUnavailableException"/> if the storage or a shard failed, or no silo or edge responds. A change may then be done in part,
/// and the call may be repeated. The work for a page of keys or publications is bounded. So it may have fewer than asked for, or none,
/// although more follow.
/// </summary>
public interface IDhtAdmin : IDhtHoldings, IDhtTables, IDhtMembers, IDhtRules, IDhtAudit, IDhtCrawls
{
    /// <summary>The most keys of a page.</summary>
    const int MaxPage = 1_000;

    /// <summary>The most source networks by keys, and by bytes, that one call returns. Others are in the totals.</summary>
    const int MaxSources = 500;

    /// <summary>The entries that the audit log keeps.</summary>
    const int MaxAudit = 10_000;
}
