using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Edge.Tests.Running;
using KadOrleans.Edge.Transfer;
using KadOrleans.Node.Ports;
using KadOrleans.Simulation;
using KadOrleans.StateFiles;

namespace KadOrleans.Edge.Tests.Transfer;

/// <summary>A cluster whose storage is away for a while.</summary>
public sealed class TransferFaultTests(FaultCluster cluster) : IClassFixture<FaultCluster>
{
    private readonly SeededRandomSource _random = new(15);

    [Fact]
    public async Task Storage_that_is_away_ends_both_with_a_sentence_and_leaves_the_file()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("kad-fault-").FullName, "values.json");
        await File.WriteAllTextAsync(file, "earlier", TestContext.Current.CancellationToken);
        var now = DateTimeOffset.UtcNow;
        using var values = new MemoryStream();
        await StateWriter.WriteAsync(
            values,
            null,
            new[] { KeyValuePair.Create(NodeId.Random(_random), new StoredValue(DhtValue.FromInteger(1), now, now.AddHours(1), default)) }
                .ToAsyncEnumerable(),
            TestContext.Current.CancellationToken);
        cluster.Storage.IsAway = true;
        try
        {
            using var run = new TransferRun(TimeSpan.FromSeconds(10));
            var export = await Record.ExceptionAsync(() => run.ExportAsync(cluster.Client, file));
            Assert.True(export is TransferException or KeyStoreException, $"{export}");
            Assert.Equal("earlier", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(file)!));

            var import = await Record.ExceptionAsync(() => run.ImportAsync(cluster.Client, values.ToArray()));
            Assert.True(import is TransferException or KeyStoreException, $"{import}");
        }
        finally
        {
            cluster.Storage.IsAway = false;
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }
}
