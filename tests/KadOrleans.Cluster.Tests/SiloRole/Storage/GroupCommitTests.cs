using KadOrleans.GrainStorage.Sqlite;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Writes that are committed together. The suite Storage has what a node's writer shares with this one.</summary>
public sealed class GroupCommitTests : IAsyncDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly SqliteGrainStorage _storage;

    public GroupCommitTests() => _storage = _folder.Open();

    [Fact]
    public async Task Writes_of_many_grains_that_arrive_together_share_one_transaction()
    {
        var before = _storage.Database.Commits;

        var results = await WriteTogetherAsync([.. Enumerable.Range(0, 200).Select(_ => Samples.Grain())]);

        Assert.All(results, Assert.Null);
        Assert.Equal(before + 1, _storage.Database.Commits);
    }

    [Fact]
    public async Task A_conflict_fails_its_own_write_alone()
    {
        var grains = Enumerable.Range(0, 5).Select(_ => Samples.Grain()).ToArray();
        await _storage.WriteAsync(grains[2], "there before");

        var results = await WriteTogetherAsync(grains);

        Assert.Equal([false, false, true, false, false], results.Select(r => r is InconsistentStateException));
        Assert.Equal([true, true, false, true, true], results.Select(r => r is null));
        Assert.Equal("there before", (await _storage.ReadAsync(grains[2])).State!.Text);
        Assert.Equal("together", (await _storage.ReadAsync(grains[3])).State!.Text);
    }

    [Fact]
    public async Task A_statement_that_fails_fails_its_own_write_alone()
    {
        var grains = Enumerable.Range(0, 5).Select(_ => Samples.Grain()).ToArray();
        using (await WriterGate.CloseAsync(_storage.Database))
        {
            _storage.Database.Connection.Execute(
                $"CREATE TEMP TRIGGER refuse BEFORE INSERT ON grain_state WHEN NEW.grain_id = '{grains[1]}' "
                + "BEGIN SELECT RAISE(ABORT, 'refused'); END");
        }

        var results = await WriteTogetherAsync(grains);

        Assert.Equal([false, true, false, false, false], results.Select(r => r is GrainDatabaseException));
        Assert.False((await _storage.ReadAsync(grains[1])).RecordExists);
        Assert.Equal("together", (await _storage.ReadAsync(grains[4])).State!.Text);
    }

    [Fact]
    public async Task A_read_sees_no_write_of_its_own_batch()
    {
        var grain = Samples.Grain();
        var gate = await WriterGate.CloseAsync(_storage.Database);
        var write = _storage.WriteAsync(grain, "on its way");
        var read = _storage.ReadAsync(grain);
        gate.Dispose();

        Assert.False((await read).RecordExists);
        await write;
        Assert.True((await _storage.ReadAsync(grain)).RecordExists);
    }

    public async ValueTask DisposeAsync()
    {
        await _storage.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The outcome of each first write, null if it was acknowledged; all are in one batch.</summary>
    private async Task<Exception?[]> WriteTogetherAsync(GrainId[] grains)
    {
        var gate = await WriterGate.CloseAsync(_storage.Database);
        var writes = grains.Select(grain =>
        {
            var state = Samples.State("together");
            state.State!.Bytes = new byte[5000];
            return Record.ExceptionAsync(() => _storage.WriteStateAsync(Samples.Name, grain, state)).AsTask();
        }).ToList();
        gate.Dispose();
        return await Task.WhenAll(writes);
    }
}
