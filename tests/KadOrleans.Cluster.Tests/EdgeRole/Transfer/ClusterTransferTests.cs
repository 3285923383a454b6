using System.Text;

namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class ClusterTransferTests : FolderTests
{
    private const int Count = 5_000;

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    private readonly SeededRandomSource _random = new(14);

    [Fact]
    public async Task What_a_cluster_holds_is_the_same_in_a_cluster_of_other_shards_though_imported_twice()
    {
        await using var old = await TestCluster.StartAsync();
        await using var other = await TestCluster.StartAsync(7);
        var values = Enumerable.Range(0, Count).ToDictionary(_ => NodeId.Random(_random), Value);
        await PutAsync(old, values);
        var first = await TransferRun.ExportAsync(old.Admin);
        Assert.Equal((ExitCode.Done, "exported 5000 values"), (first.Code, first.Error));
        AssertSame(values, first.Bytes);

        var import = await TransferRun.ImportAsync(other.Admin, first.Bytes, "--json");
        Assert.Equal((ExitCode.Done, Count), (import.Code, import.Json["imported"]!.GetValue<int>()));
        import = await TransferRun.ImportAsync(other.Admin, first.Bytes);
        Assert.Equal(
            (ExitCode.Done, "imported 5000 values from -; left out: 0 expired, 0 not newer than those held, 0 too long, beyond the quotas, or not signed by their owners"),
            (import.Code, import.Output));
        AssertSame(values, (await TransferRun.ExportAsync(other.Admin)).Bytes);
    }

    [Fact]
    public async Task Expired_older_and_refused_values_are_left_out_and_counted_and_a_nodes_id_and_contacts_are_left_out_and_told()
    {
        await using var cluster = await TestCluster.StartAsync();
        var (held, published) = (NodeId.Random(_random), NodeId.Random(_random));
        var ours = new StoredValue(DhtValue.FromString("later"), Now, Now + TimeSpan.FromHours(1), default);
        await PutAsync(cluster, new() { [held] = ours });
        var expired = new StoredValue(DhtValue.FromString("expired"), Now - TimeSpan.FromDays(2), Now - TimeSpan.FromDays(1), default);
        var file = await FileAsync(
            new NodeState(held, [new Contact(published, UdpEndpoint.Parse("192.0.2.1:8468"))]),
            (held, ours with { Value = DhtValue.FromString("older"), StoredAt = Now - TimeSpan.FromSeconds(1) }),
            (NodeId.Random(_random), expired),
            (published, expired with { PublishedAt = expired.StoredAt }),
            (NodeId.Random(_random), ours with { Value = DhtValue.FromBytes(new byte[StoreRules.MaxContentLength + 1]) }));

        var import = await TransferRun.ImportAsync(cluster.Admin, file);

        Assert.Equal(ExitCode.Failed, import.Code);
        Assert.Equal(
            [
                "A node's id and 1 contacts in the file are left out: a running node or cluster has its own.",
                "1 values were imported from -; left out: 1 expired, 1 not newer than those held, 1 too long, beyond the quotas, or not signed by their owners.",
            ],
            import.Error.Split('\n'));
        AssertSame(
            new() { [held] = ours, [published] = expired with { PublishedAt = expired.StoredAt } },
            (await TransferRun.ExportAsync(cluster.Admin)).Bytes);
    }

    [Theory]
    [InlineData("""{"format":"kad-state","version":2,"values":[]}""", "'-' is not a kad-state file of version 1: its version is '2'.")]
    [InlineData("""{ "format" : "kad-state", "version":1, "values":[{}]}""", "'-' is not a kad-state file of version 1: '' is not a valid key: ")]
    [InlineData("[]", "FILE: line 1 is no JSON object of at most 65536 characters.")]
    public async Task A_broken_file_is_refused_as_a_whole(string file, string sentence)
    {
        var import = await TransferRun.ImportAsync(TransferRun.Uncalled<IDhtAdmin>(), Encoding.UTF8.GetBytes(file));

        Assert.Equal(ExitCode.WrongUsage, import.Code);
        Assert.StartsWith(sentence, import.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_that_is_away_ends_both_with_a_sentence_and_leaves_the_file()
    {
        await using var cluster = await TestCluster.StartAsync();
        var file = Path.Combine(Folder, "values.json");
        await File.WriteAllTextAsync(file, "earlier");
        cluster.TakeStorageAway();

        var export = await TransferRun.ExportAsync(cluster.Admin, file);
        Assert.Equal(ExitCode.Unreachable, export.Code);
        Assert.Contains("does not answer", Assert.Single(export.Error.Split('\n')), StringComparison.Ordinal);
        Assert.Equal("earlier", await File.ReadAllTextAsync(file));
        Assert.Single(Directory.GetFiles(Folder));

        var import = await TransferRun.ImportAsync(cluster.Admin, await FileAsync(null, (NodeId.Random(_random), Value(1))));
        Assert.Equal(ExitCode.Unreachable, import.Code);
        Assert.Single(import.Error.Split('\n'));
    }

    private static StoredValue Value(int i) => new(
        DhtValue.FromString($"value {i}"),
        Now - TimeSpan.FromMilliseconds(i),
        Now + TimeSpan.FromHours(1 + (i % 24)),
        new SourceNetwork((ulong)i, 0))
    {
        PublishedAt = i % 3 == 0 ? Now - TimeSpan.FromMinutes(i % 60) : null,
    };

    private static async Task<byte[]> FileAsync(NodeState? node, params (NodeId Key, StoredValue Value)[] values)
    {
        using var stream = new MemoryStream();
        await StateWriter.WriteAsync(
            stream, node, values.Select(value => KeyValuePair.Create(value.Key, value.Value)).ToAsyncEnumerable(), CancellationToken.None);
        return stream.ToArray();
    }

    private static async Task PutAsync(TestCluster cluster, Dictionary<NodeId, StoredValue> values)
    {
        await using var store = cluster.OpenStore();
        foreach (var some in values.Chunk(500))
        {
            var results = await Task.WhenAll(some.Select(pair => store.PutAsync(pair.Key, pair.Value, PutKind.Import).AsTask()));
            Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
        }
    }

    private static void AssertSame(Dictionary<NodeId, StoredValue> expected, byte[] file)
    {
        using var stream = new MemoryStream(file);
        Assert.Equal(expected.OrderBy(pair => pair.Key), new StateReader(stream, "test").ReadValues().OrderBy(pair => pair.Key));
    }
}
