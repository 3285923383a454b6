namespace KadOrleans.Tests.Cli;

public sealed class StateImporterTests
{
    private static readonly DateTimeOffset Now = ManualTimeProvider.Epoch;
    private static readonly NodeId Key = NodeId.Parse(new string('1', 40));

    private readonly InMemoryKeyStore _keys = new(new StoreQuota());

    [Fact]
    public async Task An_expired_value_stays_out_unless_the_cluster_published_it()
    {
        var expired = Value(storedAt: Now - TimeSpan.FromDays(2), expiresAt: Now);
        Assert.Equal(new ImportResult(0, 1, 0, 0), await ImportAsync(expired));
        Assert.Equal(new ImportResult(1, 0, 0, 0), await ImportAsync(expired with { PublishedAt = expired.StoredAt }));
    }

    [Fact]
    public async Task An_expired_publication_that_a_node_does_not_take_counts_as_expired()
    {
        var expired = Value(Now - TimeSpan.FromHours(2), Now - TimeSpan.FromHours(1)) with { PublishedAt = Now - TimeSpan.FromHours(2) };
        var live = Value(Now, Now + TimeSpan.FromHours(1));
        var importer = new StateImporter(
            values => Task.FromResult<IReadOnlyList<StoreResult>>([.. values.Select(_ => StoreResult.Outdated)]), 16, new ManualTimeProvider());

        Assert.True(await importer.ImportAsync(
            [KeyValuePair.Create(Key, expired), KeyValuePair.Create(NodeId.MaxValue, live)], TestContext.Current.CancellationToken));

        Assert.Equal(new ImportResult(0, 1, 1, 0), importer.Result);
    }

    private static StoredValue Value(DateTimeOffset storedAt, DateTimeOffset expiresAt) =>
        new(DhtValue.FromString($"stored at {storedAt:O}"), storedAt, expiresAt, default);

    private async Task<ImportResult> ImportAsync(StoredValue value)
    {
        var importer = new StateImporter(_keys, 16, new ManualTimeProvider());
        Assert.True(await importer.ImportAsync([KeyValuePair.Create(Key, value)], TestContext.Current.CancellationToken));
        return importer.Result;
    }
}
