namespace KadOrleans.Lab;

/// <summary>
/// The operations, bytes, memory and money of a load in a month, on one kind of storage. Gigabytes are the most that values take.
/// The heap is that of each silo when one is missing.
/// </summary>
public sealed record CostEstimate(
    ClusterLoad Load, StoragePrice Storage, IReadOnlyList<CostItem> Items, double Gigabytes, double HeapPerSilo)
{
    private const double BytesPerGigabyte = 1e9;

    /// <summary>The bytes of heap that a key takes in the index of its shard, at most.</summary>
    public const int IndexPerKey = 68;

    // What a value takes in the cache of a silo besides its content, and what a silo with 8 GiB keeps by default.
    private const int CacheOverhead = 256;
    private const double CacheBytes = 1 << 30;

    private static readonly TimeSpan CollectionAge = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Life = new Core.KademliaOptions().ValueTimeToLive;

    public Operations Operations => Items.Aggregate(default(Operations), (sum, item) => sum + item.Operations);

    /// <summary>The price of a month's operations and bytes, and of the storage's own machine.</summary>
    public double StorageMoney => Items.Sum(item => item.Money) + BytesMoney + Storage.FixedPerMonth;

    public double BytesMoney => Gigabytes * Storage.PerGigabyte;

    public double MachinesMoney { get; private init; }

    public double OperationsPerSecond { get; private init; }

    /// <summary>Whether each shard can take its part of the puts, and the storage all operations.</summary>
    public bool KeepsUp => Load.PutsPerSecond / Load.Shards <= ShardCosts.MaxPutsPerSecond(Storage.Write, Load.ValueBytes)
        && OperationsPerSecond <= (Storage.MaxOperationsPerSecond ?? double.PositiveInfinity);

    public bool WasMeasured => Load.PutsPerSecond <= Storage.MeasuredPuts;

    /// <summary>The part of the values that the silos' caches hold, with one silo missing.</summary>
    public double CachedPart { get; private init; }

    public static CostEstimate Of(ClusterLoad load, StoragePrice storage, PriceList prices)
    {
        load = load.Silos > 0 ? load : load with { Silos = SilosFor(load, storage, prices.Machines) };
        var keysPerSilo = (double)load.Keys / Math.Max(1, load.Silos - 1);
        var values = keysPerSilo * (CacheOverhead + load.ValueBytes);
        var cached = values == 0 ? 1 : Math.Min(1, CacheBytes / values);
        var heap = (keysPerSilo * IndexPerKey) + (cached * values);
        CostItem[] items = [.. ItemsOf(load, storage, cached, prices.HoursPerMonth).Select(item => item with { Money = storage.MoneyOf(item.Operations) })];
        return new CostEstimate(
            load, storage, items, 2 * load.Keys * ShardCosts.EntryBytes(load.ValueBytes) / BytesPerGigabyte, heap)
        {
            CachedPart = cached,
            OperationsPerSecond = items.Sum(item => item.Operations.Reads + item.Operations.Writes) / (prices.HoursPerMonth * 3600),
            MachinesMoney = (load.Silos * prices.Machines.SiloPerMonth) + (load.Edges * prices.Machines.EdgePerMonth) + prices.Machines.FixedPerMonth,
        };
    }

    private static int SilosFor(ClusterLoad load, StoragePrice storage, MachinePrices machines) => storage.MaxSilos == 1
        ? 1
        : (int)Math.Max(3, 1 + Math.Ceiling(IndexPerKey * (double)load.Keys / (machines.LiveBytesPerSilo - CacheBytes)));

    private static IEnumerable<CostItem> ItemsOf(ClusterLoad load, StoragePrice storage, double cached, double hours)
    {
        var rate = load.PutsPerSecond / load.Shards;
        var seconds = hours * 3600;
        var perPut = ShardCosts.RecordsPerPut(rate, storage.Write, load.ValueBytes);
        var records = load.PutsPerSecond * seconds * perPut;
        var recordBytes = ShardCosts.EntryBytes(load.ValueBytes) / perPut;
        yield return new CostItem("log records", new Operations(0, records));

        var perCompaction = ShardCosts.RecordsPerCompaction(rate, storage.Write, recordBytes);
        yield return new CostItem("compactions", ShardCosts.Compaction(perCompaction, recordBytes, load.ValueBytes) * (records / perCompaction));

        // Gets of keys at random. A value that is asked for often is in the cache.
        yield return new CostItem("gets from pages", new Operations(load.GetsPerSecond * seconds * (1 - cached), 0));
        yield return new CostItem("expiry", Expiry(load, hours));
        yield return new CostItem("activations of shards", Activations(load, hours));

        // Observations never end, so a table that is served is always changed.
        yield return new CostItem("routing tables", new Operations(0, load.NodeIds * hours / load.SaveInterval.TotalHours));
        yield return new CostItem("starts", Starts(load));
    }

    private static Operations Expiry(ClusterLoad load, double hours)
    {
        if (load.PutsPerSecond <= 0)
        {
            return default;
        }

        // Keys that are put again before their end do not expire: this is the most.
        var expired = Math.Min(load.Keys / Life.TotalHours, load.PutsPerSecond * 3600) / load.Shards;
        var records = Math.Ceiling(expired / ShardCosts.MaxExpiredPerRecord);
        var isLong = Math.Min(expired, ShardCosts.MaxExpiredPerRecord) * ShardCosts.RemovalBytes > ShardCosts.MaxStaleBytes;
        return new Operations(0, records * (isLong ? 2 : 1) * load.Shards * hours);
    }

    /// <summary>A shard without calls is collected, and its hourly reminder activates it again.</summary>
    private static Operations Activations(ClusterLoad load, double hours)
    {
        if (load.Keys == 0)
        {
            return default;
        }

        var calls = (load.PutsPerSecond + load.GetsPerSecond) / load.Shards;
        var idle = Math.Exp(-calls * CollectionAge.TotalSeconds);
        return Activation(load) * (load.Shards * hours * idle);
    }

    /// <summary>Each start of a silo moves its shards and tables. Each start of an edge takes a lease and new epochs.</summary>
    private static Operations Starts(ClusterLoad load)
    {
        var shards = load.Keys == 0 ? default : Activation(load) * load.Shards;
        var tables = new Operations(1, 1) * load.NodeIds;
        var leases = new Operations(0, load.Edges + load.NodeIds);
        return (shards + tables + leases) * load.StartsPerMonth;
    }

    // It writes the record by which it owns the log, unless it was moved.
    private static Operations Activation(ClusterLoad load) =>
        new(ShardCosts.MeanActivationReads(ShardCosts.Pages((double)load.Keys / load.Shards, load.ValueBytes)), 1);
}

public sealed record CostItem(string Name, Operations Operations, double Money = 0);

/// <summary>What a cluster is asked to do, on average over a month.</summary>
public sealed record ClusterLoad
{
    /// <summary>New or changed values a second. A value that is held already costs one read for each group commit.</summary>
    public double PutsPerSecond { get; init; }

    public double GetsPerSecond { get; init; }

    public int ValueBytes { get; init; } = 64;

    public long Keys { get; init; }

    public int NodeIds { get; init; }

    public int Edges { get; init; }

    /// <summary>The shards: 2 to the power of <c>Kad:Cluster:ShardBits</c>.</summary>
    public int Shards { get; init; } = 128;

    /// <summary>The silos. 0: as many as the memory needs.</summary>
    public int Silos { get; init; }

    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often in a month each silo and each edge is started, for releases and updates of the machines.</summary>
    public double StartsPerMonth { get; init; } = 4;
}
