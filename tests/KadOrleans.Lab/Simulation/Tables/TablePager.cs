namespace KadOrleans.Lab;

/// <summary>
/// Keeps the tables of one world: a bounded number in memory, the others saved in compact form until they are needed.
/// </summary>
internal sealed class TablePager(ManualTimeProvider clock, KademliaOptions options)
{
    /// <summary>Whole tables in memory, some 0.7 MB each in a network of 100,000.</summary>
    private const int MaxTables = 2_048;

    /// <summary>
    /// Snapshots of other tables in memory, some 70 KB each: those of a lookup that is under way. More would hardly be
    /// found again in a large network, and live just long enough to be a burden on the garbage collector.
    /// </summary>
    private const int MaxSnapshots = 256;

    // Every simulated node has a subnet of its own, so no share of one can ever be used up.
    private static readonly AddressRangeSet Exempt = AddressRangeSet.Parse(["0.0.0.0/1"]);

    private static readonly SubnetLimits Subnets = new();

    public ManualTimeProvider Clock => clock;

    public KademliaOptions Options => options;

    public ContactIndex Contacts { get; } = new();

    public ResidentSet<PagedRoutingTable> Tables { get; } = new(MaxTables, static table => table.Freeze());

    public ResidentSet<PagedRoutingTable> Snapshots { get; } = new(MaxSnapshots, static table => table.DropSnapshot());

    public RoutingTable Restore(FrozenTable table) =>
        RoutingTable.Restore(table.Thaw(Contacts), Options, new SubnetDiversity(Subnets, Exempt), Clock.GetUtcNow());

    public RoutingTable Create(NodeId ownId) =>
        new(ownId, Options, new SubnetDiversity(Subnets, Exempt), Clock.GetUtcNow());
}

/// <summary>The items that may stay in memory, a fixed number of them. One more takes the place of all.</summary>
internal sealed class ResidentSet<T>(int capacity, Action<T> evict)
{
    private readonly List<T> _items = [];

    public void Add(T item)
    {
        if (_items.Count == capacity)
        {
            _items.ForEach(evict);
            _items.Clear();
        }

        _items.Add(item);
    }
}
