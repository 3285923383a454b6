using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.EdgeRole;

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
            var admin = cluster.Value.GetSiloServiceProvider().GetRequiredService<IDhtAdmin>();
            var export = await TransferRun.ExportAsync(admin, file);
            Assert.Equal(ExitCode.Unreachable, export.Code);
            Assert.Contains("does not answer", Assert.Single(export.Error.Split('\n')), StringComparison.Ordinal);
            Assert.Equal("earlier", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(file)!));

            var import = await TransferRun.ImportAsync(admin, values.ToArray());
            Assert.Equal(ExitCode.Unreachable, import.Code);
            Assert.Single(import.Error.Split('\n'));
        }
        finally
        {
            cluster.Storage.IsAway = false;
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }
}
