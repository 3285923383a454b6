using KadOrleans.GrainStorage.Sqlite;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SqliteGrainStorageTests : GrainStorageConformance, IAsyncDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly SqliteGrainStorage _storage;

    public SqliteGrainStorageTests() => _storage = _folder.Open();

    protected override IGrainStorage Storage => _storage;

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(70_000)]
    public void A_state_has_the_bytes_of_Orleans_own_serializer(int length)
    {
        var state = new SampleState { Text = "hello", Bytes = [.. Enumerable.Range(0, length).Select(i => (byte)i)] };
        var own = new PooledGrainStorageSerializer(_folder.Serializer);

        var written = own.Serialize(state);

        Assert.Equal(new OrleansGrainStorageSerializer(_folder.Serializer).Serialize(state).ToArray(), written.ToArray());
        Assert.Equal(state.Bytes, own.Deserialize<SampleState>(written).Bytes);
    }

    [Fact]
    public async Task A_conflict_names_both_ETags()
    {
        var grain = Samples.Grain();
        var conflict = await Assert.ThrowsAsync<InconsistentStateException>(
            () => Storage.WriteStateAsync(Samples.Name, grain, Samples.State("lost", "0123456789abcdef")));
        Assert.Equal((null, "0123456789abcdef"), (conflict.StoredEtag, conflict.CurrentEtag));

        var first = await Storage.WriteAsync(grain, "first");
        conflict = await Assert.ThrowsAsync<InconsistentStateException>(
            () => Storage.WriteStateAsync(Samples.Name, grain, Samples.State("stale", "0123456789abcdef")));
        Assert.Equal((first.ETag, "0123456789abcdef"), (conflict.StoredEtag, conflict.CurrentEtag));
    }

    [Fact]
    public async Task Clearing_deletes_the_row_unless_told_to_keep_its_ETag()
    {
        var grain = Samples.Grain();
        var state = await _storage.WriteAsync(grain, "hello");
        await _storage.ClearStateAsync(Samples.Name, grain, state);
        Assert.Null(state.ETag);
        await _storage.DisposeAsync();

        await using var keeping = _folder.Open(deleteStateOnClear: false);
        state = await keeping.WriteAsync(grain, "again");
        await keeping.ClearStateAsync(Samples.Name, grain, state);

        Assert.NotNull(state.ETag);
        var read = await keeping.ReadAsync(grain);
        Assert.Equal((false, state.ETag), (read.RecordExists, read.ETag));
    }

    [Fact]
    public async Task Reopening_finds_everything_with_its_ETags_in_one_file()
    {
        var states = new Dictionary<GrainId, GrainState<SampleState>>();
        for (var i = 0; i < 50; i++)
        {
            var grain = Samples.Grain();
            states[grain] = await _storage.WriteAsync(grain, $"state {i}");
        }

        await _storage.DisposeAsync();

        Assert.Equal([SqliteFolder.FileName], _folder.Fingerprint().Keys);
        await using var reopened = _folder.Open();
        foreach (var (grain, state) in states)
        {
            var read = await reopened.ReadAsync(grain);
            Assert.Equal((state.State!.Text, state.ETag), (read.State!.Text, read.ETag));
        }
    }

    [Fact]
    public async Task A_closed_storage_refuses_in_a_sentence()
    {
        await _storage.DisposeAsync();

        var refused = await Assert.ThrowsAsync<GrainDatabaseException>(() => _storage.WriteAsync(Samples.Grain(), "late"));

        Assert.Contains("is closed", refused.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _storage.DisposeAsync();
        _folder.Dispose();
    }
}
