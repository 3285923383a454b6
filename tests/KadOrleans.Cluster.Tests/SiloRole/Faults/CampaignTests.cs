namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Short campaigns by seed: keys are overwritten through two edges while processes are killed, frozen and stopped.</summary>
[Trait("Tier", "Long")]
public sealed class CampaignTests
{
    private const int SqliteFaults = 3;
    private const int PostgreSqlFaults = 4;

    private static readonly TimeSpan LongestFreeze = TimeSpan.FromSeconds(12);

    // Longer than a writer's patience: what it has given up lies before an edge that goes on.
    private static readonly TimeSpan LongFreeze = TimeSpan.FromSeconds(8);

    private static readonly FaultMembers SqliteMembers = new(Silos: 1, Edges: 2);
    private static readonly FaultMembers PostgreSqlMembers = new(Silos: 2, Edges: 2, FaultKind.Kill, FaultKind.Freeze, FaultKind.Stop);

    private static readonly int Seed = Enumerable.Range(1, 10_000).First(seed =>
        FreezesAnEdge(FaultPlan.Create(seed, SqliteFaults, SqliteMembers, LongestFreeze))
        && FreezesAnEdge(FaultPlan.Create(seed, PostgreSqlFaults, PostgreSqlMembers, LongestFreeze)));

    [Fact]
    public Task Faults_on_sqlite_lose_and_undo_nothing() => RunAsync(StorageKind.Sqlite, SqliteMembers.Silos, SqliteFaults, Seed);

    [Fact]
    [Needs(Need.PostgreSql)]
    public Task Faults_on_postgresql_lose_and_undo_nothing() => RunAsync(StorageKind.PostgreSql, PostgreSqlMembers.Silos, PostgreSqlFaults, Seed);

    [Fact]
    [Needs(Need.PostgreSql)]
    public Task A_failover_of_postgresql_loses_and_undoes_nothing()
    {
        var members = PostgreSqlMembers with { OfDatabase = Enum.GetValues<FaultKind>() };
        var seed = Enumerable.Range(1, 10_000).First(seed => FaultPlan.Create(seed, 1, members, LongestFreeze)[0].Kind == FaultKind.FailOver);
        return RunAsync(StorageKind.PostgreSql, members.Silos, faults: 1, seed, hasStandby: true);
    }

    // KAD_KEPT_FAULTS is how many faults, and KAD_KEPT_KEYS how many items.
    [Fact]
    public async Task No_kept_item_is_lost_or_older_after_any_fault_and_all_are_kept_at_the_end()
    {
        var keys = int.Parse(Environment.GetEnvironmentVariable("KAD_KEPT_KEYS") ?? "32", CultureInfo.InvariantCulture);
        var faults = int.Parse(Environment.GetEnvironmentVariable("KAD_KEPT_FAULTS") ?? "3", CultureInfo.InvariantCulture);
        var ended = 0;
        await RunAsync(StorageKind.Sqlite, SqliteMembers.Silos, faults, seed: 7, change: options => options with
        {
            Keys = keys,
            AreItems = true,
            AtStart = silo => WithClientAsync(silo, async dht =>
            {
                // A cluster that has just begun keeps none before it knows that all silos can.
                await Eventually.BecomesAsync(
                    async () => (await TryKeepAsync(dht, 0))?.Local == StoreResult.Stored, () => "a cluster that keeps items");
                await Parallel.ForAsync(1, keys, async (key, _) => Assert.Equal(StoreResult.Stored, (await TryKeepAsync(dht, key))?.Local));
            }),
            AtEnd = silo => WithClientAsync(silo, async dht =>
            {
                for (var key = 0; key < keys; key++)
                {
                    ended += await dht.UnpublishAsync(KeyVersion.IdOf(key, isItem: true)) ? 1 : 0;
                }
            }),
        });
        Assert.Equal(keys, ended);

        static async Task<SetResult?> TryKeepAsync(IDht dht, int key)
        {
            try
            {
                return await dht.KeepSignedAsync(KeyVersion.ToItem(key, version: 0), DateTimeOffset.UtcNow.AddDays(900));
            }
            catch (DhtUnavailableException)
            {
                return null;
            }
        }
    }

    private static async Task WithClientAsync(SiloServer silo, Func<IDht, Task> run)
    {
        await using var client = await ClusterClient.ConnectAsync(silo);
        await run(new DhtClient(client.Grains));
    }

    private static bool FreezesAnEdge(IReadOnlyList<Fault> plan) =>
        plan.Any(fault => fault is { Kind: FaultKind.Freeze, Target: FaultTarget.Edge } && fault.Duration >= LongFreeze);

    private static async Task RunAsync(
        StorageKind storage,
        int silos,
        int faults,
        int seed,
        bool hasStandby = false,
        Func<CampaignOptions, CampaignOptions>? change = null)
    {
        var options = new CampaignOptions
        {
            Shape = new ClusterShape { Storage = storage, Silos = silos, ShardBits = 4, HasStandby = hasStandby, Server = ServerExecutable.Find(null) },
            Faults = faults,
            Seed = seed,
            Keys = 32,
            LongestFreeze = LongestFreeze,
            Pace = TimeSpan.FromMilliseconds(100),
        };
        options = change?.Invoke(options) ?? options;
        await using var progress = new StringWriter();

        var rows = await Campaign.RunAsync(options, new ProgressLog(progress), TestContext.Current.CancellationToken);

        await using var table = new StringWriter();
        CampaignTable.Write(table, rows);
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}\n{progress}\n{table}");
        Assert.Equal(faults, rows.Count);
        Assert.All(rows, row => Assert.True(row.IsGood, $"Seed {seed}, {row.Kind} {row.Target}:\n{progress}"));
        Assert.True(rows.Sum(row => row.Acknowledged) > options.Keys);
    }
}
