using KadOrleans.Faults;
using KadOrleans.Faults.Campaigns;
using KadOrleans.Faults.Clusters;
using KadOrleans.Silo.Tests.Processes;

namespace KadOrleans.Silo.Tests.Faults;

/// <summary>Short campaigns by seed: keys are overwritten through two edges while processes are killed, frozen and stopped.</summary>
public sealed class CampaignTests
{
    private const int Seed = 2;

    // Less than a writer's patience: nothing that was given up lies before an edge that goes on.
    private static readonly TimeSpan LongestFreeze = TimeSpan.FromSeconds(4);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Faults_on_sqlite_lose_and_undo_nothing() => RunAsync(StorageKind.Sqlite, silos: 1, faults: 3);

    [PostgreSqlFact]
    public Task Faults_on_postgresql_lose_and_undo_nothing() => RunAsync(StorageKind.PostgreSql, silos: 2, faults: 4);

    private static async Task RunAsync(StorageKind storage, int silos, int faults)
    {
        var options = new CampaignOptions
        {
            Shape = new ClusterShape { Storage = storage, Silos = silos, ShardBits = 4, Executables = Executables.Find(null) },
            Faults = faults,
            Seed = Seed,
            Keys = 32,
            LongestFreeze = LongestFreeze,
        };
        await using var progress = new StringWriter();

        var rows = await Campaign.RunAsync(options, new ProgressLog(progress), Token);

        await using var table = new StringWriter();
        CampaignTable.Write(table, rows);
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {Seed}\n{progress}\n{table}");
        Assert.Equal(faults, rows.Count);
        Assert.All(rows, row => Assert.True(row.IsGood, $"Seed {Seed}, {row.Kind} {row.Target}:\n{progress}"));
        Assert.True(rows.Sum(row => row.Acknowledged) > options.Keys);
    }
}
