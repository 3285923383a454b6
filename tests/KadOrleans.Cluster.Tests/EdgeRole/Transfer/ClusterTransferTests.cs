using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Values of a cluster with 16 shards as a file, and in a cluster with 128.</summary>
public sealed class ClusterTransferTests : IAsyncLifetime
{
    private const int Count = 5_000;

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    private readonly TestCluster _old = new(4);
    private readonly TestCluster _new = new(7);
    private readonly SeededRandomSource _random = new(14);

    public async ValueTask InitializeAsync()
    {
        await _old.InitializeAsync();
        await _new.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _old.DisposeAsync();
        await _new.DisposeAsync();
    }

    [Fact]
    public async Task What_a_cluster_holds_is_the_same_in_a_cluster_of_other_shards()
    {
        var values = Enumerable.Range(0, Count).ToDictionary(_ => NodeId.Random(_random), Value);
        await PutAsync(_old, values);
        var first = await TransferRun.ExportAsync(_old.Admin);
        Assert.Equal((ExitCode.Done, "exported 5000 values"), (first.Code, first.Error));
        AssertSame(values, TransferRun.Read(first.Bytes));

        var import = await TransferRun.ImportAsync(_new.Admin, first.Bytes, "--json");
        Assert.Equal((ExitCode.Done, Count), (import.Code, import.Json["imported"]!.GetValue<int>()));

        var second = await TransferRun.ExportAsync(_new.Admin);
        AssertSame(values, TransferRun.Read(second.Bytes));
    }

    [Fact]
    public async Task Expired_older_and_refused_values_are_left_out_and_counted()
    {
        var held = NodeId.Random(_random);
        var ours = new StoredValue(DhtValue.FromString("later"), Now, Now + TimeSpan.FromHours(1), default);
        await PutAsync(_old, new() { [held] = ours });
        var published = NodeId.Random(_random);
        var expired = new StoredValue(DhtValue.FromString("expired"), Now - TimeSpan.FromDays(2), Now - TimeSpan.FromDays(1), default);
        var file = await FileAsync(
            (held, ours with { Value = DhtValue.FromString("older"), StoredAt = Now - TimeSpan.FromSeconds(1) }),
            (NodeId.Random(_random), expired),
            (published, expired with { PublishedAt = expired.StoredAt }),
            (NodeId.Random(_random), ours with { Value = DhtValue.FromBytes(new byte[StoreRules.MaxContentLength + 1]) }));

        var import = await TransferRun.ImportAsync(_old.Admin, file);

        Assert.Equal(
            (ExitCode.Failed, "1 values were imported from -; left out: 1 expired, 1 older than those held, 1 too long or beyond the quotas."),
            (import.Code, import.Error));
        AssertSame(
            new Dictionary<NodeId, StoredValue> { [held] = ours, [published] = expired with { PublishedAt = expired.StoredAt } },
            TransferRun.Read((await TransferRun.ExportAsync(_old.Admin)).Bytes));
    }

    [Fact]
    public async Task Imported_twice_a_file_changes_nothing()
    {
        var values = Enumerable.Range(0, 100).ToDictionary(_ => NodeId.Random(_random), Value);
        var file = await FileAsync([.. values.Select(pair => (pair.Key, pair.Value))]);
        for (var i = 0; i < 2; i++)
        {
            var import = await TransferRun.ImportAsync(_old.Admin, file);
            Assert.Equal(
                (ExitCode.Done, "imported 100 values from -; left out: 0 expired, 0 older than those held, 0 too long or beyond the quotas"),
                (import.Code, import.Output));
        }

        AssertSame(values, TransferRun.Read((await TransferRun.ExportAsync(_old.Admin)).Bytes));
    }

    [Fact]
    public async Task A_clusters_file_is_readable_for_a_nodes_store()
    {
        var values = Enumerable.Range(0, 100).ToDictionary(_ => NodeId.Random(_random), Value);
        await PutAsync(_old, values);
        await using var keys = new InMemoryKeyStore(new StoreQuota());
        using var stream = new MemoryStream((await TransferRun.ExportAsync(_old.Admin)).Bytes);

        var importer = new StateImporter(keys, 64, TimeProvider.System);
        Assert.True(await importer.ImportAsync(new StateReader(stream, "test").ReadValues(), TestContext.Current.CancellationToken));

        Assert.Equal(new ImportResult(100, 0, 0, 0), importer.Result);
    }

    [Fact]
    public async Task A_nodes_id_and_contacts_are_left_out_and_told()
    {
        var id = NodeId.Random(_random);
        var contact = new Contact(NodeId.Random(_random), UdpEndpoint.Parse("192.0.2.1:8468"));
        using var stream = new MemoryStream();
        await StateWriter.WriteAsync(
            stream,
            new NodeState(id, [contact]),
            new[] { KeyValuePair.Create(id, Value(1)) }.ToAsyncEnumerable(),
            TestContext.Current.CancellationToken);

        var import = await TransferRun.ImportAsync(_old.Admin, stream.ToArray(), "--json");

        Assert.Equal(
            (ExitCode.Done, "A node's id and 1 contacts in the file are left out: a running node or cluster has its own."), (import.Code, import.Error));
        Assert.Equal(1, import.Json["imported"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("""{"format":"kad-state","version":2,"values":[]}""", "'-' is not a kad-state file of version 1: its version is '2'.")]
    [InlineData("""{ "format" : "kad-state", "version":1, "values":[{}]}""", "'-' is not a kad-state file of version 1: '' is not a valid key: ")]
    [InlineData("[]", "FILE: line 1 is no JSON object of at most 65536 characters.")]
    public async Task A_broken_file_is_refused_as_a_whole(string file, string sentence)
    {
        var import = await TransferRun.ImportAsync(_old.Admin, System.Text.Encoding.UTF8.GetBytes(file));

        Assert.Equal(ExitCode.WrongUsage, import.Code);
        Assert.StartsWith(sentence, import.Error, StringComparison.Ordinal);
    }

    private static StoredValue Value(int i) => new(
        DhtValue.FromString($"value {i}"),
        Now - TimeSpan.FromMilliseconds(i),
        Now + TimeSpan.FromHours(1 + (i % 24)),
        new SourceNetwork((ulong)i, 0))
    {
        PublishedAt = i % 3 == 0 ? Now - TimeSpan.FromMinutes(i % 60) : null,
    };

    private static async Task<byte[]> FileAsync(params (NodeId Key, StoredValue Value)[] values)
    {
        using var stream = new MemoryStream();
        await StateWriter.WriteAsync(
            stream, null, values.Select(value => KeyValuePair.Create(value.Key, value.Value)).ToAsyncEnumerable(), CancellationToken.None);
        return stream.ToArray();
    }

    private static async Task PutAsync(TestCluster cluster, Dictionary<NodeId, StoredValue> values)
    {
        await using var store = new GrainKeyStore(
            cluster.Client, ShardLayout.Of(cluster.ShardBits), TimeProvider.System, NullLogger<GrainKeyStore>.Instance);
        foreach (var some in values.Chunk(500))
        {
            var results = await Task.WhenAll(some.Select(pair => store.PutAsync(pair.Key, pair.Value, PutKind.Import).AsTask()));
            Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
        }
    }

    private static void AssertSame(Dictionary<NodeId, StoredValue> expected, SortedDictionary<NodeId, StoredValue> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.All(expected, pair => Assert.Equal(pair.Value, actual[pair.Key]));
    }
}
